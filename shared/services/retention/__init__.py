"""How long records are kept: legal holds, and rules by kind."""

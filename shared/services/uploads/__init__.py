"""How a recording becomes a session."""

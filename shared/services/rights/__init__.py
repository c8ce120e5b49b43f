"""What patients may ask of their records."""

"""Which engine runs, and what it cost."""

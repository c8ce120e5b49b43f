"""Every query, by subject."""

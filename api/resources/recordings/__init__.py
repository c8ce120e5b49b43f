"""Sessions, their sound and their words."""

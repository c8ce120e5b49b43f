"""Of sessions, their sound and their words."""

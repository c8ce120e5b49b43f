"""Pages about signing in, and a person's own account."""

"""Cancel and delete."""

"""Read sessions and follow their events."""

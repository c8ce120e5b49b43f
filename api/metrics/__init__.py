"""What `GET /metrics` answers."""

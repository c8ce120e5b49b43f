"""What operators need: metrics, readiness, reconciliation, backups."""

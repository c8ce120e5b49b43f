"""The audit trail: chained, anchored, verified, and read by those whom it concerns."""

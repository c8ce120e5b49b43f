"""Claims, leases, attempts, scheduling: how a step gets done once."""

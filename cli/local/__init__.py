"""What runs beside the stack: checks, backup, restore, child processes."""

"""Notes, alerts, templates and patients."""

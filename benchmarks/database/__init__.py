"""Measurements of what the service asks of Postgres."""

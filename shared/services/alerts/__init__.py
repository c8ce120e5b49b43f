"""Alerts about risk, and their acknowledgement."""

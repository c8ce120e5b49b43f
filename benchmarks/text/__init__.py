"""Measurements of what is written: notes, claims, risk, and identifiers."""

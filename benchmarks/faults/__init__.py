"""Measurements of recovery, and the page that tells of chaos runs."""

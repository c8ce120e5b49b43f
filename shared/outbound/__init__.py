"""Requests that leave for addresses which other people chose."""

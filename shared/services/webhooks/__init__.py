"""Endpoints, messages and their delivery."""

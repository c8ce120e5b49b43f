"""Measurements of speed, memory and rate: the API, the pipeline and whole deployments."""

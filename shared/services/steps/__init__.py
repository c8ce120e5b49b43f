"""The work of each pipeline step."""

"""Shapes of documents that more than one floor reads."""

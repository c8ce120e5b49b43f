"""Sessions: upload, listen, correct, delete."""

"""Read, edit, sign and export notes."""

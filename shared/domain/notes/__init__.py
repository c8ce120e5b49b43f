"""Notes as values: records, edits, differences, templates."""

"""What belongs to a practice as a whole: its templates, and its audit trail."""

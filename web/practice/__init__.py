"""What belongs to a practice as a whole: templates, legal holds, retention, and the audit trail."""

"""Who may do what with which record."""

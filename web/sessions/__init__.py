"""The page of a session, and what is done on it."""

"""People who sign in: passphrases, browser sessions, one-time codes."""

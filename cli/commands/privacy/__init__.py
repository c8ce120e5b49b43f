"""The trail, consent, holds, retention and requests."""

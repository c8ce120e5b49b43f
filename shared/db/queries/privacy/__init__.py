"""The trail, consent, holds, retention and deletion."""

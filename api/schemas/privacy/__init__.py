"""Of the trail, consent, retention and requests."""

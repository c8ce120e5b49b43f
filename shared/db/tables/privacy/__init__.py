"""The tables of privacy: the trail, consents, retention, and what patients asked for."""

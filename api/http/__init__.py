"""HTTP mechanics that know nothing of sessions: negotiation, preconditions, problems, rate limits."""

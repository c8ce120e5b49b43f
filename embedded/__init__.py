"""Postgres, Redis and the processes of one machine, from wheels."""

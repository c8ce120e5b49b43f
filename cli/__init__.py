"""The command line: a client of the HTTP API, and the embedded stack."""

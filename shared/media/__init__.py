"""Hostile media, parsed only in a sandboxed child process."""

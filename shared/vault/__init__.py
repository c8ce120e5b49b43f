"""Encryption: the key store, frames for recordings, sealed values for columns."""

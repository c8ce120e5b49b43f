"""Whisper on this machine."""

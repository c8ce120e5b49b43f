"""Speakers, off the record, playback."""

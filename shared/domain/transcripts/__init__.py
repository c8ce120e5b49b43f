"""Transcripts as values: assembly, speakers, quality, punctuation."""

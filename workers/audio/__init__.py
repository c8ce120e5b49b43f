"""Finds speech, speakers and chunks in decoded audio, in bounded memory."""

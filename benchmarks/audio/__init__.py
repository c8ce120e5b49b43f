"""Measurements of what is heard: words, speakers and times of recordings."""

"""Engines that speak OpenAI's API."""

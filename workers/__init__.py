"""The message entrance, and what only workers load: engines and audio."""

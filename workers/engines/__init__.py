"""Speech engines and note extractors behind the ports."""

"""The local risk model: a second reader beside the rules."""

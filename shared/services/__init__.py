"""The use cases, each in one place for both entrances."""

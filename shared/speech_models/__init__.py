"""The speech models that are known: their files with hashes, where they lie, how they are fetched."""

"""Each reason why the words that a claim cites do not support it."""

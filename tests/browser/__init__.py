"""The pages in a real browser: skipped, with a sentence, on a machine that has none."""

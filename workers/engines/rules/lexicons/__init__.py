"""The words that the rules listen for, as data: phrases separated by commas.

A phrase is matched by the stems of its words, or word for word if it begins with ``=``.
"""


def phrases(text: str) -> tuple[str, ...]:
    """The phrases of ``text``, separated by commas."""
    return tuple(phrase for part in text.split(",") if (phrase := " ".join(part.split())))

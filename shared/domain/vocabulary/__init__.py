"""Words as data: what the rules listen for, and what a claim may not hold unless it was said.

Phrases are separated by commas; one is matched by the stems of its words, or word for word if it
begins with ``=``.
"""


def phrases(text: str) -> tuple[str, ...]:
    """The phrases of ``text``, separated by commas."""
    return tuple(phrase for part in text.split(",") if (phrase := " ".join(part.split())))


def words(text: str) -> frozenset[str]:
    """The words of ``text``, separated by spaces."""
    return frozenset(text.split())

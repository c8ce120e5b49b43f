"""English word stems, so that "sleep", "sleeps" and "sleeping" are one word."""

from collections.abc import Iterable
from functools import lru_cache
from threading import local

import snowballstemmer


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """The English Snowball stem of a normalised word; a contraction is kept as it is."""
    if word.endswith("'s"):
        word = word[:-2]
    if "'" in word:
        return word
    return str(_own.stemmer.stemWord(word))


def stems_of(words: Iterable[str]) -> tuple[str, ...]:
    """The stem of each of ``words``."""
    return tuple(stem(word) for word in words)


class _Own(local):
    """A stemmer for each thread: it keeps the word it works on inside itself, so two threads mix theirs."""

    def __init__(self) -> None:
        self.stemmer = snowballstemmer.stemmer("english")


_own = _Own()

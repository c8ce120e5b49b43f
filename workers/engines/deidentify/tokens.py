"""Tokens that stand for identifiers: made for one session, held in memory, and turned back into its words."""

import re
from enum import StrEnum

from shared.domain.english.quotes import words_of


class Kind(StrEnum):
    """What a token stands for; its first part."""

    NAME = "NAME"
    DATE = "DATE"
    PLACE = "PLACE"
    NUMBER = "NUMBER"
    EMAIL = "EMAIL"
    LINK = "LINK"


_KINDS = "|".join(Kind)
LITERAL = re.compile(rf"\b(?:{_KINDS})_\d+\b")
# Engines put tokens into brackets of their own; those belong to the token.
_TOKEN = re.compile(rf"\[((?:{_KINDS})_\d+)\]|\b((?:{_KINDS})_\d+)\b")
# What is left of a token that an engine changed: NAME_1s, name_1, NAME1, NAME 1, Name_, NAME.
_REMAINS = re.compile(rf"\b(?:{_KINDS})(?:\b|[_\d])|\b(?i:{_KINDS})(?:_|-?\d)")


class TokenMap:
    """The tokens of one session. Equal words of one kind have one token; letter case does not count."""

    def __init__(self) -> None:
        self._tokens: dict[tuple[Kind, tuple[str, ...]], str] = {}
        self._words: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"TokenMap({len(self._words)})"

    def token_for(self, kind: Kind, words: str) -> str:
        """The token for ``words``, made at their first occurrence."""
        key = kind, words_of(words) or (words,)
        if key not in self._tokens:
            number = 1 + sum(other is kind for other, _ in self._tokens)
            self._tokens[key] = f"{kind}_{number}"
            self._words[self._tokens[key]] = words
        return self._tokens[key]

    def restore(self, text: str) -> str:
        """``text`` with the session's words in place of its tokens; other tokens stay as they are."""

        def words(found: re.Match[str]) -> str:
            return self._words.get(found[1] or found[2], found[0])

        return _TOKEN.sub(words, text)

    def is_garbled(self, text: str) -> bool:
        """Whether ``text``, as an engine wrote it, holds a token that this session does not have."""
        return _REMAINS.search(_TOKEN.sub(self._known_as_blank, text)) is not None

    def _known_as_blank(self, found: re.Match[str]) -> str:
        return " " if (found[1] or found[2]) in self._words else found[0]

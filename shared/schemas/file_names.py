"""File names as clients send them, made harmless."""

import re
import unicodedata
from email.errors import HeaderParseError
from email.header import decode_header, make_header

MAX_LENGTH = 255

# Controls and lone surrogates break headers and logs; bidirectional marks disguise an extension.
_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
_BIDIRECTIONAL = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def is_harmful(mark: str) -> bool:
    """Whether the character is a control, a lone surrogate or a direction mark."""
    return unicodedata.category(mark) in _CATEGORIES or mark in _BIDIRECTIONAL


_ENCODED_WORD = re.compile(r"=\?[\w-]+(?:\*[\w-]+)?\?[bq]\?[^?\s]*\?=", re.IGNORECASE)


def decoded(name: str) -> str:
    """``name`` with the encoded words of MIME (RFC 2047) read, in which mail programs write it."""
    if not _ENCODED_WORD.search(name):
        return name
    try:
        return str(make_header(decode_header(name)))
    except (HeaderParseError, LookupError, ValueError):  # an unknown encoding, or bytes that are not of it
        return name


def cleaned(name: str) -> str:
    """``name`` without path, controls and direction marks, NFC, at most 255 characters; may be empty."""
    last = re.split(r"[/\\]", name)[-1]
    # Composed last: marks that a removed one kept apart may come together.
    kept = unicodedata.normalize("NFC", "".join(mark for mark in last if not is_harmful(mark))).strip()
    stem, dot, extension = kept.rpartition(".")
    if len(kept) <= MAX_LENGTH or not dot:
        return kept[:MAX_LENGTH]
    return stem[: MAX_LENGTH - len(extension) - 1] + dot + extension[: MAX_LENGTH - 1]

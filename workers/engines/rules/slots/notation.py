"""The notation of the slots: one pattern a line, whose named slots stand for many words.

``<pills>`` stands for any word of that slot, ``..`` for up to three words of any kind, ``...`` for up to
eight. The rest is a regular expression over lower-case words without punctuation. A line starts and ends
at the bounds of words, unless it begins with ``\\b``. ``#`` begins a comment.
"""

import re
from collections.abc import Mapping

_GAPS = {" ... ": r" (?:\S+ ){0,8}", " .. ": r" (?:\S+ ){0,3}"}
_SLOT = re.compile(r"<([a-z]+)>")

Patterns = dict[str, tuple[re.Pattern[str], ...]]


def compiled(texts: Mapping[str, str], slots: Mapping[str, str]) -> Patterns:
    """The patterns of each kind, in the order of their lines."""
    whole = _whole(slots)
    return {kind: tuple(_pattern(line, whole) for line in _lines(text)) for kind, text in texts.items()}


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]


def _whole(slots: Mapping[str, str]) -> dict[str, str]:
    """The slots with those that they name filled in; a slot may name only slots before it."""
    found: dict[str, str] = {}
    for name, words in slots.items():
        inner = "|".join(" ".join(words.split()).split(" | "))
        found[name] = f"(?:{_SLOT.sub(lambda match: found[match[1]], inner)})"
    return found


def _pattern(line: str, slots: Mapping[str, str]) -> re.Pattern[str]:
    filled = _SLOT.sub(lambda match: slots[match[1]], line)
    for gap, words in _GAPS.items():
        filled = filled.replace(gap, words)
    return re.compile(filled if line.startswith(r"\b") else rf"(?<!\S)(?:{filled})(?!\S)")

"""Which words a correction put in the place of which: what a vocabulary may learn from it."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher

from shared.domain.transcripts.annotations import plain

ENOUGH = 2
"""How often a word must be corrected the same way to be offered."""
_MOST_WORDS, _LEAST_LETTERS, _LONGEST = 3, 4, 100
_MARKS = ".,;:!?\"“”„…()[]'’‘"


@dataclass(frozen=True, slots=True, repr=False)
class Offer:
    """A word that was corrected the same way ``times`` times; ``id`` tells nothing of it to others."""

    id: str
    heard: str
    word: str
    times: int


def replaced(heard: str, said: str) -> tuple[tuple[str, str], ...]:
    """Short runs of words that were heard, each with the words that a person wrote in their place.

    Only what an engine could expect: at most three words for at most three, one of four letters or more.
    """
    before, after = heard.split(), said.split()
    plain_before, plain_after = [plain(word) for word in before], [plain(word) for word in after]
    found = []
    matcher = SequenceMatcher(None, plain_before, plain_after, autojunk=False)
    for kind, first, last, begin, until in matcher.get_opcodes():
        if kind != "replace" or max(last - first, until - begin) > _MOST_WORDS:
            continue
        word = " ".join(after[begin:until]).strip(_MARKS)
        if _could_be_expected(word):
            found.append((" ".join(plain_before[first:last]), word))
    return tuple(found)


def _could_be_expected(word: str) -> bool:
    parts = plain(word).split()
    return len(word) <= _LONGEST and any(len(part) >= _LEAST_LETTERS and part.isalpha() for part in parts)


def offers(pairs: Iterable[tuple[str, str]], known: Iterable[str], dismissed: Iterable[str]) -> list[Offer]:
    """The words that were corrected twice, most frequent first, without those known or dismissed.

    ``pairs``: every replacement, the latest spelling first.
    """
    times: Counter[tuple[str, str]] = Counter()
    spelling: dict[tuple[str, str], str] = {}
    for heard, word in pairs:
        pair = heard, plain(word)
        times[pair] += 1
        spelling.setdefault(pair, word)
    is_known, is_dismissed = {plain(word) for word in known}, set(dismissed)
    return [
        Offer(_fingerprint(*pair), pair[0], spelling[pair], count)
        for pair, count in times.most_common()
        if count >= ENOUGH and pair[1] not in is_known and _fingerprint(*pair) not in is_dismissed
    ]


def _fingerprint(heard: str, word: str) -> str:
    return hashlib.sha256(f"{heard}\0{word}".encode()).hexdigest()[:24]

"""Acts, states and extent: what a claim says was done or is so must have been said."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from shared.domain.english.polarity import governing_negation
from shared.domain.english.quotes import find_run, words_of
from shared.domain.verification.grounding import base
from shared.domain.vocabulary.acts import ACTS, SUPPORTS_UNIVERSAL, UNIVERSAL

ACT = "It states an act or a state that its evidence does not have."
REVERSED = "It affirms what its evidence denies, or denies what its evidence affirms."
EXTENT = "It says that something holds always, for all or altogether, and its evidence does not."


def act_objection(spoken: Sequence[str], said: Sequence[Sequence[str]]) -> str | None:
    """Why the acts that a claim names are not those of the words ``said``, or None."""
    for named, supporting in compiled():
        claimed = _stances(named, [spoken])
        if not claimed:
            continue
        there = _stances(supporting, said)
        if not there:
            return ACT
        # Denied by other words, the act itself may still have been done.
        if claimed.isdisjoint(there) and any(named.places(words) for words in said):
            return REVERSED
    return None


def _stances(act: "Phrases", texts: Sequence[Sequence[str]]) -> set[bool]:
    """Whether ``texts`` affirm the act (True), deny it (False), do both, or do not speak of it."""
    return {governing_negation(words, place) is None for words in texts for place in act.places(words)}


@dataclass(frozen=True, slots=True)
class Phrases:
    """Phrases by their stems: those of one word, and longer ones."""

    lone: frozenset[str]
    longer: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, group: Sequence[str]) -> "Phrases":
        """The phrases of ``group`` by their stems."""
        split = [tuple(base(word) for word in words_of(phrase)) for phrase in group]
        return cls(frozenset(one[0] for one in split if len(one) == 1), tuple(o for o in split if len(o) > 1))

    def places(self, spoken: Sequence[str]) -> list[int]:
        """Where in ``spoken`` one of the phrases begins."""
        stems = [base(word) for word in spoken]
        found = [place for place, one in enumerate(stems) if one in self.lone]
        runs = (find_run(stems, phrase) for phrase in self.longer)
        return found + [place for place in runs if place is not None]


@lru_cache(maxsize=1)
def compiled() -> tuple[tuple[Phrases, Phrases], ...]:
    """Of each act: what names it, and what supports it."""
    return tuple((Phrases.of(named), Phrases.of(supporting)) for named, supporting in ACTS)


def extent_objection(spoken: Sequence[str], said: Sequence[Sequence[str]]) -> str | None:
    """Whether a claim holds for more than the words ``said`` do."""
    claimed = _has(UNIVERSAL, spoken)
    return EXTENT if claimed and not any(_has(SUPPORTS_UNIVERSAL, words) for words in said) else None


def _has(group: Sequence[str], spoken: Sequence[str]) -> bool:
    text = f" {' '.join(spoken)} "
    return any(f" {phrase} " in text for phrase in group)

"""Finding the phrases of a lexicon in a sentence: by stem, and where they are long, nearly."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz

from shared.domain.english.quotes import words_of
from shared.domain.english.stems import stem
from shared.domain.vocabulary import phrases
from workers.engines.rules.passages import Passage

# Speech engines err mostly on short words, so a long phrase may differ by a letter or two in twenty. In a
# shorter one a single letter makes another word: "cutting myself" is not "putting myself".
FUZZY_RATIO = 92.0
FUZZY_LETTERS = 22


@dataclass(frozen=True, slots=True)
class Hit:
    """Where a phrase stands in a sentence: words ``start`` to before ``end``."""

    phrase: str
    start: int
    end: int


class Phrases:
    """A set of phrases to listen for; one that begins with ``=`` is matched by its exact words only."""

    def __init__(self, listed: Iterable[str], fuzzy: bool = False) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], str]]] = defaultdict(list)
        self._fuzzy: list[tuple[str, int]] = []
        self._exact: dict[str, list[tuple[tuple[str, ...], str]]] = defaultdict(list)
        for phrase in dict.fromkeys(listed):
            words = words_of(phrase)
            if phrase.startswith("="):
                self._exact[words[0]].append((words, phrase))
                continue
            for spelled in _spellings(words):
                stems = tuple(stem(word) for word in spelled)
                self._by_first[stems[0]].append((stems, phrase))
            if fuzzy and len(phrase) >= FUZZY_LETTERS and len(words) > 1:
                self._fuzzy.append((" ".join(words), len(words)))

    def find(self, passage: Passage) -> list[Hit]:
        """Every place in ``passage`` where a phrase stands, in order, the longer first."""
        hits = [
            Hit(phrase, index, index + len(wanted))
            for said, listed_by_first in ((passage.stems, self._by_first), (passage.words, self._exact))
            for index, first in enumerate(said)
            for wanted, phrase in listed_by_first.get(first, ())
            if said[index : index + len(wanted)] == wanted
        ]
        hits.extend(self._near(passage, {hit.phrase for hit in hits}))
        return sorted(hits, key=lambda hit: (hit.start, -hit.end))

    def first(self, passage: Passage) -> Hit | None:
        """The first phrase in ``passage``, or None."""
        return next(iter(self.find(passage)), None)

    def _near(self, passage: Passage, found: set[str]) -> list[Hit]:
        if not self._fuzzy:
            return []
        text = " ".join(passage.words)
        hits = []
        for phrase, count in self._fuzzy:
            if phrase in found or fuzz.partial_ratio(phrase, text, score_cutoff=FUZZY_RATIO - 4) == 0:
                continue
            hit = _nearest(phrase, count, passage.words)
            if hit is not None:
                hits.append(hit)
        return hits


def _spellings(words: tuple[str, ...]) -> list[tuple[str, ...]]:
    """``words`` as they are, and as speech engines split "myself" and "yourself"."""
    splits = {"myself": [("my", "self")], "yourself": [("your", "self"), ("you're", "self")]}
    spelled = [words]
    for whole, parts in splits.items():
        if whole in words:
            at = words.index(whole)
            spelled.extend(words[:at] + part + words[at + 1 :] for part in parts)
    return spelled


def _nearest(phrase: str, count: int, words: tuple[str, ...]) -> Hit | None:
    best: tuple[float, int, int] | None = None
    for size in (count, count - 1, count + 1):
        for index in range(len(words) - size + 1):
            ratio = fuzz.ratio(phrase, " ".join(words[index : index + size]), score_cutoff=FUZZY_RATIO)
            if ratio > (best[0] if best else 0.0):
                best = (ratio, index, index + size)
    return None if best is None else Hit(phrase, best[1], best[2])


@lru_cache(maxsize=256)
def listed(text: str, fuzzy: bool = False) -> Phrases:
    """The phrases of a lexicon's ``text``, compiled once."""
    return Phrases(phrases(text), fuzzy)

"""How much of a claim is in the words it cites, when another word for the same thing counts too."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain

from shared.domain.english.polarity import NEGATIONS
from shared.domain.english.quotes import words_of
from shared.domain.english.stems import stem, stems_of
from shared.domain.vocabulary.concepts import FRAME, groups

# At least this share of a claim's own words must be in what it cites, or be another word for it.
LEAST_SHARE = 0.5
# A sentence that names its evidence needs no more than this share if it keeps the cues (``cues.py``).
LEAST_CITED = 0.2

_QUOTED = re.compile(r"[“\"]([^”\"]*)[”\"]")
_IRREGULAR = {
    form: base
    for base, forms in {
        "sleep": "slept", "feel": "felt", "think": "thought", "tell": "told", "keep": "kept",
        "take": "took taken",
        "eat": "ate eaten", "drink": "drank drunk", "lose": "lost", "leave": "left", "meet": "met",
        "give": "gave given", "wake": "woke woken awake", "write": "wrote written", "drive": "drove driven",
        "break": "broke broken", "fall": "fell fallen", "buy": "bought", "bring": "brought", "find": "found",
        "lie": "lay lain lying", "hold": "held", "sit": "sat", "stand": "stood", "speak": "spoke spoken",
        "die": "died dying death dead", "freeze": "froze frozen", "run": "ran", "begin": "began begun",
        "choose": "chose", "see": "saw seen", "hear": "heard", "know": "knew known", "make": "made",
        "throw": "threw thrown", "shake": "shook shaken", "steal": "stole", "fight": "fought", "hang": "hung",
        "child": "children kid kids", "breathe": "breath breathing",
    }.items()
    for form in forms.split()
}  # fmt: skip


def quoted_in(text: str) -> list[str]:
    """What stands in quotation marks in ``text``."""
    return [quote for quote in _QUOTED.findall(text) if words_of(quote)]


def outside_quotes(text: str) -> str:
    """``text`` without what stands in quotation marks."""
    return _QUOTED.sub(" ", text)


def base(word: str) -> str:
    """The stem by which ``word`` is compared: "left" and "leaves" are "leav"."""
    return stem(_IRREGULAR.get(word, word))


def content_of(words: Iterable[str]) -> set[str]:
    """The stems of those of ``words`` that say something of their own."""
    return {base(word) for word in words if word not in FRAME and word not in NEGATIONS and "'" not in word}


def share_borne_out(claim: str, cited: Sequence[str]) -> float | None:
    """The share (0..1) of the claim's own words that ``cited`` holds; None if it has no word of its own."""
    own = content_of(words_of(claim))
    return len(own & related_to(cited)) / len(own) if own else None


def related_to(cited: Sequence[str]) -> set[str]:
    """The stems that ``cited`` holds, and those that are other words for what it speaks of."""
    said = tuple(words_of(text) for text in cited)
    spoken = {base(word) for words in said for word in words}
    return spoken.union(*_groups_in(said, spoken))


def _groups_in(said: tuple[tuple[str, ...], ...], spoken: set[str]) -> Iterator[frozenset[str]]:
    words, phrases = _compiled()
    for word in spoken:
        yield from words.get(word, ())
    for run in map(stems_of, said):
        for place, first in enumerate(run):
            for phrase, group in phrases.get(first, ()):
                if run[place : place + len(phrase)] == phrase:
                    yield group


@lru_cache(maxsize=1)
def _compiled() -> tuple[
    dict[str, list[frozenset[str]]], dict[str, list[tuple[tuple[str, ...], frozenset[str]]]]
]:
    """The stems of each group, by its phrases of one word, and by the first word of its longer ones."""
    by_word: dict[str, list[frozenset[str]]] = {}
    by_first: dict[str, list[tuple[tuple[str, ...], frozenset[str]]]] = {}
    for group in groups():
        split = [words_of(phrase) for phrase in group]
        lone = {base(words[0]) for words in split if len(words) == 1}
        stems = frozenset(lone | content_of(chain.from_iterable(split)))
        for word in lone:
            by_word.setdefault(word, []).append(stems)
        for phrase in (stems_of(words) for words in split if len(words) > 1):
            by_first.setdefault(phrase[0], []).append((phrase, stems))
    return by_word, by_first

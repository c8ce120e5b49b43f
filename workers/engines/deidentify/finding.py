"""Finding identifiers in a transcript: known names, what has a form, and words that look like names."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from shared.domain.verification.objections.facts import is_drug
from workers.engines.deidentify import vocabulary
from workers.engines.deidentify.patterns import COMMON_NUMBERS, PATTERNS
from workers.engines.deidentify.tokens import Kind

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_POSSESSIVE = re.compile(r"['’](?:s|d|ll|ve|re)?$")
_OPENS = re.compile(r"(?:^|[.?!:;\n(\"“…–—-])[\s\"“'‘]*$")
_AFTER_TITLE = re.compile(r"\b(?:Mr|Mrs|Ms|Mx|Dr|Prof|Rev|St)\.\s$")
_DOSE = re.compile(r"\s?,? ?(?:at )?\d+(?:[.,]\d+)? ?(?:mg|mcg|ml|milligrams?|micrograms?)\b", re.IGNORECASE)
_STAYS = vocabulary.STAYS | vocabulary.TITLES | vocabulary.OPENERS
# A known name that is such a word is the name only with a capital letter.
_COMMON = vocabulary.ALSO_WORDS | vocabulary.KIN | vocabulary.PLACE_NOUNS | _STAYS
_JOINTS = (" ", "'s ", "’s ", ". ")  # between the words of one name
_LOOK_BACK = 8  # characters
_SHORTEST = 2  # letters of a name
_SHORTEST_START = 3  # letters of a name's start that stands for it: Ros for Rosalind


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Characters of a text that identify a person, and of which kind they are."""

    start: int
    end: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class _Word:
    """A word without its possessive ending; ``bare``: folded, without accents."""

    start: int
    end: int
    text: str
    bare: str
    opens: bool

    @property
    def is_capital(self) -> bool:
        return self.text[0].isupper()

    @property
    def is_acronym(self) -> bool:
        return self.text.isupper() and len(self.text) <= 5


class Finder:
    """Finds the identifiers of one session. ``known``: whole names of those who are known to take part."""

    def __init__(self, known: Iterable[str], texts: Sequence[str]) -> None:
        self._known = _parts_of(known)
        # A word that the session has with a small letter too is no name by a capital at a sentence's start.
        self._small = {word.bare for text in texts for word in _words(text) if not word.is_capital}
        self._small |= vocabulary.ALSO_WORDS
        # Names that are told by their place in one sentence are names in all others.
        self._heard = {word.bare for text in texts for word in self._names_told(text)}

    def spans(self, text: str) -> list[Span]:
        """The identifiers in ``text``, in order, none over another."""
        found = list(_by_form(text))
        words = [word for word in _words(text) if not _overlaps(word, found)]
        names: list[_Word] = []
        for index, word in enumerate(words):
            follows = names and names[-1] is words[index - 1] and text[names[-1].end : word.start] == " "
            if self._is_name(words, index, text) or (follows and _goes_on(word)):
                names.append(word)
        return sorted([*found, *_grouped(names, words, text, self._known)])

    def known_spans(self, text: str) -> list[Span]:
        """The known names alone, for short texts that people typed."""
        return [Span(w.start, w.end, Kind.NAME) for w in _words(text) if self._is_known(w)]

    def _is_known(self, word: _Word) -> bool:
        forms = {word.bare, *word.bare.split("-"), word.bare.removesuffix("s"), word.bare.removesuffix("es")}
        found = forms & self._known
        return bool(found) and (word.is_capital or not found <= _COMMON)

    def _is_name(self, words: Sequence[_Word], index: int, text: str) -> bool:
        word = words[index]
        if self._is_known(word):
            return True
        if not word.is_capital:
            before = words[index - 1].bare if index else ""
            return before in vocabulary.KIN and word.bare in vocabulary.NAMES
        if not self._may_be_name(word, text):
            return False
        return not word.opens or word.bare in self._heard or self._opens_with_name(words, index, text)

    def _may_be_name(self, word: _Word, text: str) -> bool:
        if len(word.text) < _SHORTEST or word.bare in _STAYS or word.is_acronym:
            return False
        return not is_drug(word.bare) and not _DOSE.match(text, word.end)

    def _opens_with_name(self, words: Sequence[_Word], index: int, text: str) -> bool:
        word = words[index]
        if word.bare in vocabulary.NAMES or self._starts_known(word):
            return True
        if index + 1 == len(words) or word.bare in self._small or word.bare.endswith("ing"):
            return False
        return self._is_used_as_name(word, words[index + 1], text)

    def _is_used_as_name(self, word: _Word, after: _Word, text: str) -> bool:
        """Whether the word has something, says something, or is followed by a surname."""
        between = text[word.end : after.start]
        if between != " ":
            return between[:1] in ("'", "’") and between.endswith(" ")
        says = after.bare in vocabulary.SAYS and word.bare not in vocabulary.PLACE_NOUNS
        return says or (after.is_capital and self._may_be_name(after, text))

    def _starts_known(self, word: _Word) -> bool:
        long = len(word.bare) >= _SHORTEST_START and word.bare not in vocabulary.OPENERS
        return long and any(name.startswith(word.bare) for name in self._known)

    def _names_told(self, text: str) -> Iterator[_Word]:
        """Words that their sentence shows to be names, wherever it stands."""
        words = list(_words(text))
        for index, word in enumerate(words):
            sure = not word.opens or (index and words[index - 1].bare in vocabulary.TITLES)
            if word.is_capital and sure and self._may_be_name(word, text) and not _is_place(words, index):
                yield word


def _bare(word: str) -> str:
    plain = unicodedata.normalize("NFKD", _POSSESSIVE.sub("", word)).casefold().replace("’", "'")
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def _parts_of(names: Iterable[str]) -> set[str]:
    """Each word of the names, and each part of a double name."""
    words = [_bare(word) for name in names for word in _WORD.findall(name)]
    parts = {*words, *(part for word in words for part in word.split("-"))}
    return {part for part in parts if len(part) >= _SHORTEST and part not in vocabulary.NOT_PARTS}


def _words(text: str) -> Iterator[_Word]:
    for found in _WORD.finditer(text):
        ending = _POSSESSIVE.search(found[0])
        end = found.end() - (len(ending[0]) if ending else 0)
        # A few characters tell whether a sentence begins; all of them would take quadratic time.
        first = max(0, found.start() - _LOOK_BACK)
        before = ("x" if first else "") + text[first : found.start()]
        opens = bool(_OPENS.search(before)) and not _AFTER_TITLE.search(before)
        yield _Word(found.start(), end, text[found.start() : end], _bare(found[0]), opens)


def _by_form(text: str) -> Iterator[Span]:
    taken: list[Span] = []
    for kind, pattern in PATTERNS:
        for found in pattern.finditer(text):
            group = "id" if "id" in pattern.groupindex else 0
            span = Span(*found.span(group), kind)
            if found[group] in COMMON_NUMBERS or any(
                s.start < span.end and span.start < s.end for s in taken
            ):
                continue
            taken.append(span)
            yield span


def _goes_on(word: _Word) -> bool:
    """Whether a word after a name belongs to it: Edgewood *School*, Fresno *VA*."""
    common = word.bare in vocabulary.OPENERS and word.bare not in vocabulary.STAYS
    return word.is_capital and len(word.text) >= _SHORTEST and (common or word.is_acronym)


def _overlaps(word: _Word, spans: Sequence[Span]) -> bool:
    return any(span.start < word.end and word.start < span.end for span in spans)


def _is_place(words: Sequence[_Word], index: int) -> bool:
    before = words[index - 1].bare if index else ""
    return before in vocabulary.TOWARDS and words[index].bare not in vocabulary.NAMES


def _grouped(names: Sequence[_Word], words: Sequence[_Word], text: str, known: set[str]) -> Iterator[Span]:
    """A span for each name of a person, and one for all words of a place's."""
    at = {word.start: index for index, word in enumerate(words)}
    for group in _side_by_side(names, text):
        bare = {word.bare for word in group}
        is_place = not bare.isdisjoint(vocabulary.PLACE_NOUNS) or _is_place(words, at[group[0].start])
        if is_place and bare.isdisjoint(known):
            yield Span(group[0].start, group[-1].end, Kind.PLACE)
        else:
            yield from (Span(word.start, word.end, Kind.NAME) for word in group)


def _side_by_side(names: Sequence[_Word], text: str) -> Iterator[list[_Word]]:
    """The names in groups that are written as one: ``St. Mary's Hospital``."""
    group: list[_Word] = []
    for word in names:
        if group and (word.opens or text[group[-1].end : word.start] not in _JOINTS):
            yield group
            group = []
        group.append(word)
    if group:
        yield group

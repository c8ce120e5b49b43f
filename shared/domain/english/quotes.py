"""Finding quoted words in a transcript: verbatim, with the times at which they were said."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from shared.domain.english.polarity import BARRIERS, NEGATIONS, governing_negation
from shared.domain.notes.items import Evidence
from shared.domain.values import JsonObject, Segment, Transcript

# A quote that is not verbatim may still be located: this share of its words must match in order,
# and it must be this long. What is then shown are the transcript's words, never the quote's.
LOCATE_RATIO = 0.8
LOCATE_MIN_WORDS = 5
NEGATION_REACH = 7  # words taken into a quote that would end just before a negation

_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_SENTENCE_END = re.compile(r"[.?!;\n]")


@dataclass(frozen=True, slots=True)
class Token:
    """One normalised word and the characters it came from."""

    word: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Found:
    """Words as they stand in a segment, with the times (seconds) at which they were said."""

    segment: int
    quote: str
    start: float
    end: float

    @property
    def evidence(self) -> Evidence:
        """The evidence of an item of the notes."""
        return Evidence(self.segment, self.start, self.end, self.quote)

    def as_evidence(self) -> JsonObject:
        """The same, as it is in the notes' document."""
        return self.evidence.document


@lru_cache(maxsize=4096)
def tokenize(text: str) -> tuple[Token, ...]:
    """The words of ``text``: case folded, typographic apostrophes made plain, no punctuation."""
    return tuple(
        Token(match.group().casefold().replace("’", "'"), match.start(), match.end())
        for match in _TOKEN.finditer(text)
    )


def words_of(text: str) -> tuple[str, ...]:
    """The normalised words of ``text``."""
    return tuple(token.word for token in tokenize(text))


def find_run(haystack: Sequence[str], needle: Sequence[str]) -> int | None:
    """Where ``needle`` first occurs in ``haystack`` without a gap, or None."""
    size = len(needle)
    if size == 0:
        return None
    for index in range(len(haystack) - size + 1):
        if haystack[index] == needle[0] and tuple(haystack[index : index + size]) == tuple(needle):
            return index
    return None


def cite(transcript: Transcript, segment: int, quote: str) -> Found | None:
    """``quote`` as it stands in ``transcript``, or None where it does not.

    Looked for word by word (case, spacing and punctuation aside) in the named segment, then
    within the stated bound for near misses there, then verbatim in the one other segment that
    has it. A quote needs two words, unless its segment has one. A negation that governs the
    quote or follows it at once is taken into it: "no plan to" is never cut to "plan to".
    """
    needle = words_of(quote)
    segments = transcript.segments
    if not needle or not 0 <= segment < len(segments):
        return None
    bounds = _bounds(segments[segment], needle)
    if bounds is None:
        holders = _segments_with(segments, needle)
        if len(holders) != 1 or len(needle) < 2:
            return None
        segment = holders[0]
        bounds = _bounds(segments[segment], needle)
    if bounds is None or (len(needle) < 2 and len(tokenize(segments[segment].text)) > 1):
        return None
    return _found(segments[segment], segment, *bounds)


def _segments_with(segments: Sequence[Segment], needle: Sequence[str]) -> list[int]:
    return [i for i, segment in enumerate(segments) if find_run(words_of(segment.text), needle) is not None]


def _bounds(segment: Segment, needle: Sequence[str]) -> tuple[int, int] | None:
    words = words_of(segment.text)
    exact = find_run(words, needle)
    if exact is not None:
        return exact, exact + len(needle)
    near = _near_miss(words, needle)
    if near is None:
        return None
    first = find_run(words, words[slice(*near)]) or 0
    return first, first + near[1] - near[0]


def _near_miss(words: Sequence[str], needle: Sequence[str]) -> tuple[int, int] | None:
    """The window of ``words`` most like ``needle``; its negations and numbers must be the same."""
    if len(needle) < LOCATE_MIN_WORDS:
        return None
    best: tuple[float, int, int] | None = None
    for size in range(len(needle) - 1, len(needle) + 2):
        for index in range(max(0, len(words) - size + 1)):
            window = words[index : index + size]
            if len(set(window) & set(needle)) < LOCATE_RATIO * len(set(needle)):
                continue
            ratio = SequenceMatcher(None, needle, window, autojunk=False).ratio()
            after = words[index + size : index + size + 1]
            same = _weighty(window) == _weighty(needle) and not _weighty(after)
            if ratio >= LOCATE_RATIO and same:
                best = max(best or (0.0, 0, 0), (ratio, -index, -size))
    return None if best is None else (-best[1], -best[1] - best[2])


def _weighty(words: Sequence[str]) -> list[str]:
    return sorted(w for w in words if w in NEGATIONS or w in BARRIERS or any(c.isdigit() for c in w))


def _found(segment: Segment, number: int, first: int, last: int) -> Found:
    tokens = tokenize(segment.text)
    first = _widened(segment.text, tokens, first)
    last = _lengthened(segment.text, tokens, last)
    end = tokens[last - 1].end
    if end < len(segment.text) and segment.text[end] in ".?!":
        end += 1
    start_at, end_at = _times(segment, [token.word for token in tokens], first, last)
    return Found(number, segment.text[tokens[first].start : end], start_at, end_at)


def _widened(text: str, tokens: Sequence[Token], first: int) -> int:
    begin = first
    while begin > 0 and not _SENTENCE_END.search(text, tokens[begin - 1].end, tokens[begin].start):
        begin -= 1
    words = [token.word for token in tokens[begin:]]
    while (negation := governing_negation(words, first - begin)) is not None:
        first = begin + negation
    return first


def _lengthened(text: str, tokens: Sequence[Token], last: int) -> int:
    """``last`` moved on where the next word negates, so that "I do not" is never cut to "I do"."""
    reach = last
    while last < len(tokens):
        if _SENTENCE_END.search(text, tokens[last - 1].end, tokens[last].start):
            break
        if tokens[last].word in NEGATIONS:
            reach = last + NEGATION_REACH
        if last >= reach:
            break
        last += 1
    return last


def _times(segment: Segment, words: Sequence[str], first: int, last: int) -> tuple[float, float]:
    """Times of the words from ``first`` to before ``last``; the segment's where words have none."""
    heard = [(word, timed) for timed in segment.words for word in words_of(timed.text)]
    spoken = [word for word, _ in heard]
    if spoken == list(words):
        index: int | None = first
    else:
        index = find_run(spoken, words[first:last])
    if index is None:
        return segment.start, segment.end
    return heard[index][1].start, heard[index + last - first - 1][1].end

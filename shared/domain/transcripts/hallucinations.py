"""Words that nobody said: phrases that an engine repeats for ever, and text where there is silence."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from shared.domain.transcripts.spans import Spans
from shared.domain.values import JsonObject, Phrase, SpeechPlan, Turn, Utterance

ChannelPhrase = tuple[int | None, Phrase]

# How often a phrase of so many words comes in a row before nobody can have said it: "no, no, no,
# no, no" is speech, a sentence four times over is an engine that is caught in a loop.
_LONGEST_LOOP_WORDS = 12
_TIMES = {1: 7, 2: 5}
_TIMES_OF_LONGER = 4
# Engines place words a little before or after their sound.
SLACK_SECONDS = 0.4
LEAST_SPOKEN_SHARE = 0.2
# What Whisper and its kin learned to hear in silence, from the ends of films (openai/whisper#928).
_STOCK = frozenset({
    "thank you for watching", "thanks for watching", "thank you so much for watching", "please subscribe",
    "subtitles by the amara org community", "dont forget to subscribe", "see you in the next video",
    "like and subscribe", "transcription by castingwords", "subtitles by",
})  # fmt: skip
_MARKS = re.compile(r"[^\w\s]|_")


@dataclass(frozen=True, slots=True)
class _Token:
    """One word of a phrase: which phrase, which of its words, and how it compares: by whom, and what."""

    phrase: int
    index: int
    said: tuple[str, str]


def without_inventions(
    plan: SpeechPlan, heard: Sequence[ChannelPhrase]
) -> tuple[list[ChannelPhrase], list[JsonObject]]:
    """What remains of ``heard``, and ``{kind, start, end, words, removed}`` for each invention.

    ``kind`` is ``repeated`` (the first of the repetitions stays), ``on_silence`` or
    ``stock_phrase``, which stays where somebody did speak. Nothing of the text is told.
    """
    spoken, silent = _drop_silent(plan, heard)
    kept: list[ChannelPhrase] = []
    repeated: list[JsonObject] = []
    for channel in dict.fromkeys(channel for channel, _ in spoken):
        own = sorted((phrase for c, phrase in spoken if c == channel), key=lambda p: (p.start, p.end))
        turns = [turn for turn in plan.turns if turn.channel == channel] or list(plan.turns)
        phrases, found = _drop_repeated(own, turns)
        kept += [(channel, phrase) for phrase in phrases]
        repeated += found
    marked = [_finding("stock_phrase", phrase, False) for _, phrase in kept if _plain(phrase.text) in _STOCK]
    return kept, sorted([*silent, *repeated, *marked], key=lambda found: found["start"])


def _drop_silent(
    plan: SpeechPlan, heard: Sequence[ChannelPhrase]
) -> tuple[list[ChannelPhrase], list[JsonObject]]:
    utterances = [utterance for chunk in plan.chunks for utterance in chunk.utterances]
    own: dict[int | None, _Utterances] = {}
    kept: list[ChannelPhrase] = []
    found: list[JsonObject] = []
    for channel, phrase in heard:
        if channel not in own:
            own[channel] = _Utterances([u for u in utterances if u.channel == channel] or utterances)
        rest = _spoken_part(phrase, own[channel]) if utterances else phrase
        if rest is not None:
            kept.append((channel, rest))
        lost = _word_count(phrase) - (_word_count(rest) if rest else 0)
        if lost:
            found.append({**_finding("on_silence", phrase, True), "words": lost})
    return kept, found


class _Utterances:
    """When somebody speaks on a channel."""

    def __init__(self, utterances: Sequence[Utterance]) -> None:
        self._all = utterances
        self._spans = Spans(utterances)

    def around(self, start: float, end: float) -> list[Utterance]:
        """Those in the span, with the slack of engines, and their neighbours."""
        return [self._all[i] for i in self._spans.around(start - SLACK_SECONDS, end + SLACK_SECONDS)]


def _spoken_part(phrase: Phrase, utterances: _Utterances) -> Phrase | None:
    """``phrase`` without the words at which nobody speaks; None if nothing is left."""
    if not phrase.words:
        near = utterances.around(phrase.start, phrase.end)
        shared = sum(max(0.0, min(u.end, phrase.end) - max(u.start, phrase.start)) for u in near)
        spoken = shared >= LEAST_SPOKEN_SHARE * (phrase.end - phrase.start)
        return phrase if spoken or phrase.end <= phrase.start else None
    middles = [(word.start + word.end) / 2 for word in phrase.words]
    kept = [i for i, at in enumerate(middles) if any(_covers(u, at) for u in utterances.around(at, at))]
    return phrase if len(kept) == len(phrase.words) else _only(phrase, kept)


def _covers(utterance: Utterance, moment: float) -> bool:
    return utterance.start - SLACK_SECONDS <= moment <= utterance.end + SLACK_SECONDS


def _drop_repeated(phrases: Sequence[Phrase], turns: Sequence[Turn]) -> tuple[list[Phrase], list[JsonObject]]:
    """Phrases of one channel, in order of time, each loop of one speaker cut to its first round."""
    spans = Spans(turns)
    tokens = [
        _Token(number, index, (_speaker(turns, spans, _time(phrase, index, 0)), _plain(text)))
        for number, phrase in enumerate(phrases)
        for index, text in enumerate(_texts(phrase))
    ]
    dropped: set[tuple[int, int]] = set()
    found: list[JsonObject] = []
    for first, last in _loops([token.said for token in tokens]):
        lost = tokens[first:last]
        dropped |= {(token.phrase, token.index) for token in lost}
        start, end = phrases[lost[0].phrase], phrases[lost[-1].phrase]
        span = {
            "start": round(_time(start, lost[0].index, 0), 3),
            "end": round(_time(end, lost[-1].index, 1), 3),
        }
        found.append({"kind": "repeated", **span, "words": len(lost), "removed": True})
    rest: list[Phrase] = []
    for number, phrase in enumerate(phrases):
        kept = [i for i in range(len(_texts(phrase))) if (number, i) not in dropped]
        whole = len(kept) == len(_texts(phrase))
        if (left := phrase if whole else _only(phrase, kept)) is not None:
            rest.append(left)
    return rest, found


def _speaker(turns: Sequence[Turn], spans: Spans, moment: float) -> str:
    """Who speaks then, or nearest to then: two people who say the same are no loop."""
    around = [turns[place] for place in spans.around(moment, moment)]
    nearest = min(around, key=lambda t: max(t.start - moment, moment - t.end, 0.0), default=None)
    return nearest.speaker if nearest else ""


def _loops(words: Sequence[tuple[str, str]]) -> Iterator[tuple[int, int]]:
    """Ranges of ``words`` that only say once more what was just said, too often to be speech."""
    at = 0
    while at < len(words):
        for size in range(1, _LONGEST_LOOP_WORDS + 1):
            unit = words[at : at + size]
            times = 1
            while words[at + times * size : at + (times + 1) * size] == unit and len(unit) == size:
                times += 1
            if times >= _TIMES.get(size, _TIMES_OF_LONGER):
                yield at + size, at + times * size
                at += times * size - 1
                break
        at += 1


def _only(phrase: Phrase, kept: Sequence[int]) -> Phrase | None:
    """``phrase`` with these of its words; None without any."""
    if not kept:
        return None
    texts = _texts(phrase)
    text = " ".join(texts[i] for i in kept)
    if not phrase.words:
        return replace(phrase, text=text)
    words = tuple(phrase.words[i] for i in kept)
    return replace(phrase, text=text, words=words, start=words[0].start, end=words[-1].end)


def _texts(phrase: Phrase) -> list[str]:
    """The written words; those of the word list where the two do not match."""
    written = phrase.text.split()
    if not phrase.words or len(written) == len(phrase.words):
        return written
    return [word.text.strip() for word in phrase.words]


def _time(phrase: Phrase, index: int, edge: int) -> float:
    if phrase.words:
        word = phrase.words[index]
        return word.end if edge else word.start
    share = (index + edge) / max(1, len(_texts(phrase)))
    return phrase.start + share * (phrase.end - phrase.start)


def _finding(kind: str, phrase: Phrase, removed: bool) -> JsonObject:
    span = {"start": round(phrase.start, 3), "end": round(phrase.end, 3)}
    return {"kind": kind, **span, "words": _word_count(phrase), "removed": removed}


def _word_count(phrase: Phrase) -> int:
    return len(_texts(phrase))


def _plain(text: str) -> str:
    return " ".join(_MARKS.sub("", text.casefold()).split())

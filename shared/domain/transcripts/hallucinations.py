"""Words that were not said: phrases that an engine repeats for ever, and text where there is silence."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from shared.domain.transcripts.annotations import is_credit, is_site, plain, tagged
from shared.domain.transcripts.spans import Spans
from shared.domain.values import JsonObject, Phrase, SpeechPlan, Turn, Utterance, Word

ChannelPhrase = tuple[int | None, Phrase]

# How often a phrase of so many words comes in a row before it cannot be speech: "no, no, no,
# no, no" is speech, a sentence four times over is an engine that is caught in a loop.
_LONGEST_LOOP_WORDS = 12
_TIMES = {1: 7, 2: 5}
_TIMES_OF_LONGER = 4
# Engines place words a little before or after their sound.
SLACK_SECONDS = 0.4
LEAST_SPOKEN_SHARE = 0.2
LEAST_SPEECH_FOR_CREDIT = 0.5
# Below this an engine doubts its word: a single one that lies in silence was not said.
LEAST_CONFIDENCE = 0.5
# No person says more words a second; text that would need it was not said there.
MOST_WORDS_PER_SECOND = 8.0
FEWEST_WORDS_FOR_PACE = 4


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

    ``kind`` is ``repeated`` (the first of the repetitions stays), ``on_silence``, ``sound_tag``
    (``[music]``) or ``stock_phrase``, which stays where it may have been said. Nothing of the text is
    told.
    """
    untagged, tags = _drop_tags(heard)
    spoken, silent = _drop_silent(plan, untagged)
    kept, repeated = _drop_repeated(plan, spoken)
    marked = [_finding("stock_phrase", phrase, False) for _, phrase in kept if is_credit(phrase.text)]
    return kept, sorted([*tags, *silent, *repeated, *marked], key=lambda found: found["start"])


def _drop_tags(heard: Sequence[ChannelPhrase]) -> tuple[list[ChannelPhrase], list[JsonObject]]:
    """Without sound tags and the addresses of subtitle sites, which are never spoken."""
    kept: list[ChannelPhrase] = []
    found: list[JsonObject] = []
    for channel, phrase in heard:
        if is_site(phrase.text):
            found.append(_finding("stock_phrase", phrase, True))
            continue
        texts = _texts(phrase)
        tags = tagged(texts)
        rest = _only(phrase, [i for i in range(len(texts)) if i not in tags]) if tags else phrase
        if rest is not None:
            kept.append((channel, rest))
        if tags:
            found.append({**_finding("sound_tag", phrase, True), "words": len(tags)})
    return kept, found


def _drop_silent(
    plan: SpeechPlan, heard: Sequence[ChannelPhrase]
) -> tuple[list[ChannelPhrase], list[JsonObject]]:
    utterances = [utterance for chunk in plan.chunks for utterance in chunk.utterances]
    if not utterances:
        return list(heard), []
    own = {channel: _Utterances(channel, utterances) for channel in {channel for channel, _ in heard}}
    kept: list[ChannelPhrase] = []
    found: list[JsonObject] = []
    for channel, phrase in heard:
        rest = _spoken_part(phrase, own[channel])
        if rest is not None:
            kept.append((channel, rest))
        lost = _word_count(phrase) - (_word_count(rest) if rest else 0)
        if lost:
            found.append({**_finding("on_silence", phrase, True), "words": lost})
    return kept, found


class _Utterances:
    """When there is speech on a channel; on any, where it has none of its own."""

    def __init__(self, channel: int | None, utterances: Sequence[Utterance]) -> None:
        self._all = [one for one in utterances if one.channel == channel] or utterances
        self._spans = Spans(self._all)

    def around(self, start: float, end: float) -> list[Utterance]:
        """Those in the span, with the slack of engines, and their neighbours."""
        return [self._all[i] for i in self._spans.around(start - SLACK_SECONDS, end + SLACK_SECONDS)]


def _spoken_part(phrase: Phrase, utterances: _Utterances) -> Phrase | None:
    """``phrase`` without what lies in silence; None if nothing is left.

    The last word before a pause is often stretched over it, or put at its end. So a word goes only if the
    whole phrase lies in silence, or if the engine doubts the word as well.
    """
    speech = _shared_seconds(phrase, utterances)
    if not phrase.words:
        return phrase if _is_spoken(phrase, speech) else None
    spoken = [_overlaps(word, utterances) for word in phrase.words]
    if not any(spoken) or _is_impossible(phrase, speech):
        return None
    kept = [i for i, word in enumerate(phrase.words) if spoken[i] or not _is_doubted(word)]
    return phrase if len(kept) == len(phrase.words) else _only(phrase, kept)


def _is_spoken(phrase: Phrase, speech: float) -> bool:
    seconds = phrase.end - phrase.start
    return seconds <= 0 or speech >= LEAST_SPOKEN_SHARE * seconds


def _is_doubted(word: Word) -> bool:
    return word.confidence is not None and word.confidence < LEAST_CONFIDENCE


def _overlaps(word: Word, utterances: _Utterances) -> bool:
    first, last = word.start - SLACK_SECONDS, word.end + SLACK_SECONDS
    return any(u.start <= last and first <= u.end for u in utterances.around(word.start, word.end))


def _shared_seconds(phrase: Phrase, utterances: _Utterances) -> float:
    """How much of the phrase's time is speech."""
    near = utterances.around(phrase.start, phrase.end)
    return sum(max(0.0, min(u.end, phrase.end) - max(u.start, phrase.start)) for u in near)


def _is_impossible(phrase: Phrase, speech: float) -> bool:
    """Whether the pace is impossible, or it is a film's closing phrase with next to no speech."""
    words = len(phrase.words)
    if is_credit(phrase.text) and speech < LEAST_SPEECH_FOR_CREDIT * (phrase.end - phrase.start):
        return True
    room = speech + 2 * SLACK_SECONDS
    return words >= FEWEST_WORDS_FOR_PACE and words > MOST_WORDS_PER_SECOND * room


def _drop_repeated(
    plan: SpeechPlan, heard: Sequence[ChannelPhrase]
) -> tuple[list[ChannelPhrase], list[JsonObject]]:
    """Channel by channel, in order of time, each loop of one speaker cut to its first round."""
    kept: list[ChannelPhrase] = []
    found: list[JsonObject] = []
    for channel in dict.fromkeys(channel for channel, _ in heard):
        own = sorted((phrase for c, phrase in heard if c == channel), key=lambda p: (p.start, p.end))
        turns = [turn for turn in plan.turns if turn.channel == channel] or plan.turns
        rounds = list(_repetitions(own, turns))
        kept += [(channel, phrase) for phrase in _without(own, rounds)]
        found += [_repetition(own, lost) for lost in rounds]
    return kept, found


def _repetitions(phrases: Sequence[Phrase], turns: Sequence[Turn]) -> Iterator[Sequence[_Token]]:
    """The words of each loop after its first round."""
    spans = Spans(turns)
    tokens = [
        _Token(number, index, (_speaker(turns, spans, _time(phrase, index, 0)), plain(text)))
        for number, phrase in enumerate(phrases)
        for index, text in enumerate(_texts(phrase))
    ]
    for first, last in _loops([token.said for token in tokens]):
        yield tokens[first:last]


def _repetition(phrases: Sequence[Phrase], lost: Sequence[_Token]) -> JsonObject:
    start = round(_time(phrases[lost[0].phrase], lost[0].index, 0), 3)
    end = round(_time(phrases[lost[-1].phrase], lost[-1].index, 1), 3)
    return {"kind": "repeated", "start": start, "end": end, "words": len(lost), "removed": True}


def _without(phrases: Sequence[Phrase], lost: Iterable[Sequence[_Token]]) -> Iterator[Phrase]:
    dropped = {(token.phrase, token.index) for tokens in lost for token in tokens}
    for number, phrase in enumerate(phrases):
        words = range(_word_count(phrase))
        kept = [index for index in words if (number, index) not in dropped]
        left = phrase if len(kept) == len(words) else _only(phrase, kept)
        if left is not None:
            yield left


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

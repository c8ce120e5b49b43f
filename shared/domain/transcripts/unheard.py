"""Detected speech over which no word lies: what an engine did not hear, or had taken out."""

from collections.abc import Iterable, Sequence

from shared.domain.transcripts.spans import Spans
from shared.domain.values import JsonObject, Phrase, SpeechPlan, Utterance

# Engines place words a little before or after their sound, and leave breaths between them.
SLACK_SECONDS = 0.5
# No word takes longer; one that seems to was stretched over what is missing.
LONGEST_WORD_SECONDS = 1.5
# Shorter stretches are breaths, and the edges of what was detected.
SHORTEST_SECONDS = 1.0

_Pair = tuple[float, float]


def unheard(plan: SpeechPlan, heard: Iterable[tuple[int | None, Phrase]]) -> list[JsonObject]:
    """The stretches of speech without a word, ``{start, end}``, in order of time.

    A phrase without words of its own covers the whole of its time.
    """
    spoken = [utterance for chunk in plan.chunks for utterance in chunk.utterances]
    by_channel: dict[int | None, list[Utterance]] = {}
    for channel, phrase in heard:
        by_channel.setdefault(channel, []).extend(_covered(phrase))
    found = [
        stretch
        for channel in dict.fromkeys(u.channel for u in spoken)
        for stretch in _uncovered([u for u in spoken if u.channel == channel], by_channel.get(channel, []))
    ]
    return [{"start": round(start, 3), "end": round(end, 3)} for start, end in sorted(found)]


def _covered(phrase: Phrase) -> list[Utterance]:
    if not phrase.words:
        return [Utterance(phrase.start - SLACK_SECONDS, phrase.end + SLACK_SECONDS)]
    return [
        Utterance(
            word.start - SLACK_SECONDS, min(word.end, word.start + LONGEST_WORD_SECONDS) + SLACK_SECONDS
        )
        for word in phrase.words
    ]


def _uncovered(spoken: Sequence[Utterance], covered: Sequence[Utterance]) -> list[_Pair]:
    spans = Spans(covered)
    found: list[_Pair] = []
    for start, end in _joined(spoken):
        at = start
        near = sorted((covered[i].start, covered[i].end) for i in spans.around(start, end))
        for begins, ends in [*near, (end, end)]:
            if min(begins, end) - at >= SHORTEST_SECONDS:
                found.append((at, min(begins, end)))
            at = max(at, ends)
    return found


def _joined(spoken: Sequence[Utterance]) -> list[_Pair]:
    """Utterances that touch are one: they were parted for a change of speaker."""
    joined: list[_Pair] = []
    for utterance in sorted(spoken, key=lambda u: u.start):
        if joined and utterance.start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], utterance.end))
        else:
            joined.append((utterance.start, utterance.end))
    return joined

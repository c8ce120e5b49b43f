"""A transcript that goes on: what was heard before stays to the letter, and a further recording adds to it.

Corrections and names hang on the segments and labels of before. So only what lies beyond is transcribed, and
its voices get the labels that they had.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from shared.domain.transcripts.quality import MOST_SPANS, reviewed, word_facts
from shared.domain.transcripts.roles import propose_roles
from shared.domain.transcripts.spans import Spans
from shared.domain.transcripts.speakers import in_order
from shared.domain.transcripts.usage import total_usage
from shared.domain.values import Chunk, JsonObject, Segment, SpeechPlan, Transcript, Turn, Utterance

_DAMAGE = ("damaged_packets", "filled_seconds", "missing_seconds")
FURTHER = "further_recordings"  # in the quality report: where each begins, in seconds
# Engines place the first word a little early. Two seconds of silence lie before it, so nothing else is meant.
_EARLY_SECONDS = 1.0
SEAM = "A further recording begins here. The time before it was not recorded."


def seams(segments: Sequence[JsonObject], quality: Mapping[str, Any] | None) -> set[int]:
    """The places of the segments with which a further recording begins."""
    begins = [one["begins_at"] for one in (quality or {}).get(FURTHER, ())]
    starts = [segment["start"] + _EARLY_SECONDS for segment in segments]
    found = (next((place for place, start in enumerate(starts) if start >= begin), None) for begin in begins)
    return {place for place in found if place is not None}


def damage_of(*qualities: Mapping[str, Any]) -> JsonObject:
    """What decoding showed of several recordings together; see ``quality.recording_facts``."""
    return {name: round(sum(one.get(name) or 0 for one in qualities), 2) for name in _DAMAGE}


def beyond(plan: SpeechPlan, before: Transcript) -> SpeechPlan:
    """``plan`` of the whole recording, with only what ``before`` does not reach to be transcribed.

    Its voices have the labels of ``before``; one that was not heard there gets the next number.
    """
    names = _names(plan.turns, before.segments)
    turns = tuple(replace(turn, speaker=names[turn.speaker]) for turn in plan.turns)
    left = [_after(chunk, before.duration_seconds) for chunk in plan.chunks]
    chunks = tuple(Chunk(utterances) for utterances in left if utterances)
    return replace(plan, chunks=chunks, turns=turns)


def continued(before: Transcript, after: Transcript, plan: SpeechPlan) -> Transcript:
    """``before`` with ``after``, which was heard beyond it, behind it; ``plan`` is the whole recording's."""
    segments = (*before.segments, *after.segments)
    old, new = before.quality, after.quality
    quality = {
        **new,
        **word_facts(segments, plan),
        "invented": [*old.get("invented", ()), *new["invented"]][:MOST_SPANS],
        "unheard": [*old.get("unheard", ()), *new["unheard"]][:MOST_SPANS],
        "unheard_seconds": round(old.get("unheard_seconds", 0.0) + new["unheard_seconds"], 2),
        "speaker_roles": propose_roles(segments),
    }
    return replace(
        after,
        segments=segments,
        engine=" and ".join(dict.fromkeys((before.engine, after.engine)))
        if after.segments
        else before.engine,
        draft=before.draft or after.draft,
        quality=reviewed(quality, after.language),
        usage=total_usage((*before.usage, *after.usage)),
    )


def _after(chunk: Chunk, seconds: float) -> tuple[Utterance, ...]:
    return tuple(replace(one, start=max(one.start, seconds)) for one in chunk.utterances if one.end > seconds)


def _names(turns: Sequence[Turn], segments: Sequence[Segment]) -> dict[str, str]:
    """The label of before for each voice of ``turns``: the one heard longest with it, each label once."""
    together = _seconds_together(turns, segments)
    names: dict[str, str] = {}
    for (voice, label), _ in sorted(together.items(), key=lambda item: (-item[1], item[0])):
        if voice not in names and label not in names.values():
            names[voice] = label
    taken = in_order({segment.speaker for segment in segments})
    for voice in in_order({turn.speaker for turn in turns} - set(names)):
        names[voice] = _next(taken)
        taken.append(names[voice])
    return names


def _seconds_together(turns: Iterable[Turn], segments: Sequence[Segment]) -> dict[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = defaultdict(float)
    spans = Spans(segments)
    for turn in turns:
        for place in spans.around(turn.start, turn.end) if segments else ():
            segment = segments[place]
            shared = min(turn.end, segment.end) - max(turn.start, segment.start)
            if shared > 0:
                found[turn.speaker, segment.speaker] += shared
    return found


def _next(taken: Sequence[str]) -> str:
    """The label of the first number that none of ``taken`` has."""
    number = len(taken) + 1
    while f"Speaker {number}" in taken:
        number += 1
    return f"Speaker {number}"

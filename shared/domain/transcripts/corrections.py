"""A transcript's words as a person corrected them, laid over what the engine heard.

A correction is kept by the segment that the engine made: its label, start and end. These stay what
they are when other segments are taken off the record, and numbers do not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

from shared.domain.transcripts.annotations import plain
from shared.domain.transcripts.off_record import Ranges, overlaps
from shared.domain.values import JsonObject

Place = tuple[str, float, float]
"""The engine's label of a segment, and its start and end in seconds."""


@dataclass(frozen=True, slots=True)
class Correction:
    """What a segment says, and who says it (a label), by whom and when it was corrected.

    ``replaced``: words that were heard, each with the words that stand in their place.
    """

    text: str
    speaker: str
    by: str
    at: str
    replaced: tuple[tuple[str, str], ...] = ()


Corrections = Mapping[Place, Correction]


def place_of(segment: JsonObject) -> Place:
    """What a correction of this segment of the engine's transcript is kept by."""
    return segment["speaker"], segment["start"], segment["end"]


def corrections_to_json(corrections: Corrections) -> list[JsonObject]:
    """A document that ``corrections_from_json`` reads back as it was."""
    return [
        {
            "place": list(place),
            "text": said.text,
            "speaker": said.speaker,
            "by": said.by,
            "at": said.at,
            "replaced": [list(pair) for pair in said.replaced],
        }
        for place, said in corrections.items()
    ]


def corrections_from_json(document: Sequence[JsonObject]) -> dict[Place, Correction]:
    """The corrections that were stored."""
    return {
        (one["place"][0], one["place"][1], one["place"][2]): Correction(
            one["text"],
            one["speaker"],
            one["by"],
            one["at"],
            tuple((heard, word) for heard, word in one.get("replaced", ())),  # absent in older ones
        )
        for one in document
    }


def on_the_record(corrections: Corrections, ranges: Ranges) -> dict[Place, Correction]:
    """The corrections of segments that lose no word with ``ranges``: a corrected text has no times."""
    return {place: said for place, said in corrections.items() if not overlaps(place[1], place[2], ranges)}


def corrected(transcript: JsonObject, corrections: Corrections) -> JsonObject:
    """The engine's transcript document with the corrections in it; times and numbers stay.

    A corrected segment says under ``corrected`` what was heard, by whom and when it was corrected.
    """
    if not corrections:
        return transcript
    segments = [_said(segment, corrections.get(place_of(segment))) for segment in transcript["segments"]]
    places = tuple((start, end) for _, start, end in corrections)
    quality = transcript["quality"]
    doubtful = quality.get("low_confidence_spans", [])
    heard_again = [
        span
        for span in doubtful
        if not any(start <= span["start"] and span["end"] <= end for start, end in places)
    ]
    spans = {"low_confidence_spans": heard_again} if doubtful else {}
    return {**transcript, "segments": segments, "quality": {**quality, **spans}}


def _said(segment: JsonObject, correction: Correction | None) -> JsonObject:
    if correction is None:
        return segment
    return {
        **segment,
        "text": correction.text,
        "speaker": correction.speaker,
        "words": _timed(segment, correction.text),
        "corrected": {"by": correction.by, "at": correction.at, "heard": segment["text"]},
    }


def _timed(segment: JsonObject, text: str) -> list[JsonObject]:
    """The words of ``text`` at the times of the heard words that they stand for; none without those."""
    heard, said = segment["words"], text.split()
    if not heard:
        return []
    before, after = [plain(word["text"]) for word in heard], [plain(word) for word in said]
    timed: list[JsonObject] = []
    for kind, first, last, begin, until in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            timed += [
                {**word, "text": new} for word, new in zip(heard[first:last], said[begin:until], strict=True)
            ]
        else:
            start = heard[first]["start"] if first < last else _end_before(segment, first)
            end = heard[last - 1]["end"] if first < last else _start_after(segment, first)
            timed += _spread(said[begin:until], start, max(start, end))
    return timed


def _end_before(segment: JsonObject, place: int) -> float:
    return float(segment["words"][place - 1]["end"] if place else segment["start"])


def _start_after(segment: JsonObject, place: int) -> float:
    words = segment["words"]
    return float(words[place]["start"] if place < len(words) else segment["end"])


def _spread(words: Sequence[str], start: float, end: float) -> list[JsonObject]:
    """Words that a person wrote, evenly from start to end; no engine is more or less sure of them."""
    edges = [start + (end - start) * number / len(words) for number in range(len(words) + 1)] if words else []
    return [
        {"text": word, "start": round(since, 3), "end": round(upto, 3), "confidence": None}
        for word, (since, upto) in zip(words, pairwise(edges), strict=True)
    ]

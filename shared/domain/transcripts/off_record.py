"""What was said off the record: ranges of a recording, and a transcript without them."""

import re
from collections.abc import Iterable, Sequence

from shared.domain.values import SAMPLE_RATE, JsonObject

# Engines place words a little before or after their sound: what lies this near goes too.
MARGIN_SECONDS = 0.25
MOST_RANGES = 100

Ranges = tuple[tuple[float, float], ...]
"""Disjoint and in order; start and end in seconds of the uploaded recording."""

_CLOCK = r"(?:(?:(\d{1,2}):)?(\d{1,4}):)?(\d{1,6}(?:\.\d{1,3})?)"
_RANGE = re.compile(rf"\s*{_CLOCK}\s*-\s*{_CLOCK}\s*")


def merged(ranges: Iterable[tuple[float, float]]) -> Ranges:
    """The same time as disjoint ranges in order."""
    found: list[tuple[float, float]] = []
    for start, end in sorted(ranges):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return tuple(found)


def beyond(ranges: Ranges, before: Ranges) -> Ranges:
    """The time that is in ``ranges`` and not in ``before``."""
    rest = []
    for start, end in ranges:
        at = start
        for since, upto in before:
            if at < upto and since < end:
                rest.append((at, since))
                at = upto
        rest.append((at, end))
    return tuple((start, end) for start, end in rest if start < end)


def before_end(ranges: Ranges, seconds: float) -> Ranges:
    """The time of ``ranges`` that lies within a recording of so many seconds."""
    return tuple((start, min(end, seconds)) for start, end in ranges if start < seconds)


def parsed(text: str) -> Ranges:
    """Ranges as people write them: ``12:30-13:05, 1:02:00-1:02:30, 4000-4010.5``. Raises ValueError."""
    found = []
    for part in text.split(","):
        match = _RANGE.fullmatch(part)
        if match is None:
            raise ValueError("a range looks like 12:30-13:05")
        start, end = _seconds(match.groups()[:3]), _seconds(match.groups()[3:])
        if start >= end:
            raise ValueError("a range ends after it starts")
        found.append((start, end))
    return merged(found)


def _seconds(clock: Sequence[str | None]) -> float:
    hours, minutes, seconds = (float(part or 0) for part in clock)
    return hours * 3600 + minutes * 60 + seconds


def silence(pcm: bytearray, first_sample: int, frame_bytes: int, ranges: Ranges) -> None:
    """Zero what of ``pcm`` lies in ``ranges``; it begins at ``first_sample`` of the recording.

    ``frame_bytes``: how many bytes one sample of all its channels has.
    """
    last = len(pcm) // frame_bytes
    for start, end in ranges:
        begin = min(max(0, int(start * SAMPLE_RATE) - first_sample), last)
        until = min(max(0, -int(-end * SAMPLE_RATE // 1) - first_sample), last)
        pcm[begin * frame_bytes : until * frame_bytes] = bytes((until - begin) * frame_bytes)


def told(ranges: Ranges) -> list[JsonObject]:
    """The ranges as the quality report names them."""
    return [{"start": start, "end": end} for start, end in ranges]


def overlaps(start: float, end: float, ranges: Ranges) -> bool:
    """Whether a stretch comes within the margin of what is off the record."""
    return any(start < upto + MARGIN_SECONDS and since - MARGIN_SECONDS < end for since, upto in ranges)


def without(transcript: JsonObject, ranges: Ranges, before: Ranges = ()) -> JsonObject:
    """The transcript document without a word of what was said in ``ranges``.

    A segment loses its words there. One whose engine gave no times for its words goes as a whole:
    which of them were said when cannot be known. ``before``: those of the ranges that the transcript
    was made or left without already; what lies beside them, or has them in its middle, stays.
    """
    quality = transcript["quality"]
    off = told(ranges)
    ranges = beyond(ranges, before)
    spans = {
        name: [span for span in quality[name] if not overlaps(span["start"], span["end"], ranges)]
        for name in ("low_confidence_spans", "invented", "quick_changes")
        if name in quality
    }
    segments = [piece for segment in transcript["segments"] for piece in _rest_of(segment, ranges)]
    return {
        **transcript,
        "segments": segments,
        "quality": {**quality, **spans, "off_the_record": off},
    }


def _rest_of(segment: JsonObject, ranges: Ranges) -> list[JsonObject]:
    if not overlaps(segment["start"], segment["end"], ranges):
        return [segment]
    words = segment["words"]
    written = segment["text"].split()
    texts = written if len(written) == len(words) else [word["text"] for word in words]
    runs: list[list[int]] = [[]]
    for index, word in enumerate(words):
        if not overlaps(word["start"], word["end"], ranges):
            runs[-1].append(index)
        elif runs[-1]:
            runs.append([])
    return [_piece(segment, run, texts) for run in runs if run]


def _piece(segment: JsonObject, run: Sequence[int], texts: Sequence[str]) -> JsonObject:
    words = [segment["words"][index] for index in run]
    known = [word["confidence"] for word in words if word["confidence"] is not None]
    return {
        **segment,
        "start": words[0]["start"],
        "end": words[-1]["end"],
        "text": " ".join(texts[index] for index in run),
        "confidence": round(sum(known) / len(known), 3) if known else None,
        "words": words,
    }

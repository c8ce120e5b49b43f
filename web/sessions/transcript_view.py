"""A transcript as a page shows it: turns with their times, doubtful words, and what rests on them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from shared.domain.transcripts import continuing
from shared.domain.transcripts.spans import Spans
from shared.domain.values import JsonObject, Turn

# Words begin up to so much outside of the stretch that is told of them (rounding).
_SLACK_SECONDS = 0.01


@dataclass(frozen=True, slots=True, repr=False)
class Row:
    """One segment; ``pieces``: its text in pieces, each with whether its words are in doubt.

    ``times``: when each word begins, in hundredths of a second; empty where the engine does not say.
    ``is_seam``: a further recording begins with it. ``items``: the numbers of what of the notes rests on it.
    ``voice``: the speaker's place in the list.
    """

    number: int
    speaker: str
    voice: int
    role: str
    start: float
    end: float
    pieces: tuple[tuple[str, bool], ...]
    times: str
    corrected: JsonObject | None
    items: tuple[int, ...]
    is_seam: bool = False


def rows_of(transcript: JsonObject, items: Mapping[int, Sequence[int]]) -> list[Row]:
    """The segments of a transcript document; ``items``: what of the notes rests on each."""
    doubtful = transcript["quality"].get("low_confidence_spans", [])
    where = Spans([Turn(span["start"], span["end"], "") for span in doubtful])
    shown = [speaker["shown_as"] for speaker in transcript["speakers"]]
    roles = {speaker["shown_as"]: speaker["role"] or "" for speaker in transcript["speakers"]}
    seams = continuing.seams(transcript["segments"], transcript["quality"])
    rows = []
    for number, segment in enumerate(transcript["segments"]):
        texts, words = segment["text"].split(), segment["words"]
        timed = words if len(words) == len(texts) else []
        near = [doubtful[place] for place in where.around(segment["start"], segment["end"])]
        rows.append(
            Row(
                number,
                segment["speaker"],
                shown.index(segment["speaker"]) if segment["speaker"] in shown else 0,
                roles.get(segment["speaker"], ""),
                segment["start"],
                segment["end"],
                _pieces(texts, timed, near),
                " ".join(str(round(word["start"] * 100)) for word in timed),
                segment.get("corrected"),
                tuple(items.get(number, ())),
                number in seams,
            )
        )
    return rows


def _pieces(
    texts: Sequence[str], timed: Sequence[JsonObject], doubtful: Sequence[JsonObject]
) -> tuple[tuple[str, bool], ...]:
    if not doubtful or not timed:
        return ((" ".join(texts), False),)

    def in_doubt(place: int) -> bool:
        word = timed[place]
        return any(
            span["start"] - _SLACK_SECONDS <= word["start"] and word["end"] <= span["end"] + _SLACK_SECONDS
            for span in doubtful
        )

    runs = groupby(range(len(texts)), in_doubt)
    return tuple((" ".join(texts[place] for place in run), doubt) for doubt, run in runs)

"""Plans, phrases and transcripts as JSON documents, and back."""

from dataclasses import asdict
from typing import Any

from shared.domain.values import (
    Chunk,
    Heard,
    JsonObject,
    Phrase,
    Segment,
    SpeechPlan,
    Transcript,
    Turn,
    Usage,
    Utterance,
    Word,
)


def plan_to_json(plan: SpeechPlan) -> JsonObject:
    """A document that ``plan_from_json`` reads back as it was."""
    return asdict(plan)


def plan_from_json(document: JsonObject) -> SpeechPlan:
    """The plan that was stored."""
    return SpeechPlan(
        duration_seconds=document["duration_seconds"],
        chunks=tuple(
            Chunk(tuple(Utterance(**utterance) for utterance in chunk["utterances"]))
            for chunk in document["chunks"]
        ),
        turns=tuple(Turn(**turn) for turn in document["turns"]),
        quality=document["quality"],
    )


def heard_to_json(heard: Heard) -> JsonObject:
    """A document that ``heard_from_json`` reads back as it was."""
    return asdict(heard)


def heard_from_json(document: JsonObject) -> Heard:
    """What was heard in a chunk, as it was stored."""
    phrases = tuple(Phrase(**{**phrase, "words": _words(phrase["words"])}) for phrase in document["phrases"])
    return Heard(phrases, Usage(**document["usage"]), document["draft"])


def transcript_to_json(transcript: Transcript) -> JsonObject:
    """A document that ``transcript_from_json`` reads back as it was."""
    return asdict(transcript)


def transcript_from_json(document: JsonObject) -> Transcript:
    """The transcript that was stored."""
    segments = tuple(_segment(segment) for segment in document["segments"])
    usage = tuple(Usage(**usage) for usage in document.get("usage", ()))
    return Transcript(**{**document, "segments": segments, "usage": usage})


def _segment(document: JsonObject) -> Segment:
    """A segment without what says that it was corrected."""
    heard = {name: value for name, value in document.items() if name != "corrected"}
    return Segment(**{**heard, "words": _words(document["words"])})


def _words(document: list[dict[str, Any]]) -> tuple[Word, ...]:
    return tuple(Word(**word) for word in document)

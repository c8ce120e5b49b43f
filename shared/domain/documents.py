"""Plans, phrases and transcripts as JSON documents, and back."""

from dataclasses import asdict
from typing import Any

from shared.domain.values import (
    Chunk,
    JsonObject,
    Phrase,
    Segment,
    SpeechPlan,
    Transcript,
    Turn,
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


def phrases_to_json(phrases: list[Phrase]) -> list[JsonObject]:
    """A document that ``phrases_from_json`` reads back as it was."""
    return [asdict(phrase) for phrase in phrases]


def phrases_from_json(document: list[JsonObject]) -> list[Phrase]:
    """The phrases that were stored."""
    return [Phrase(**{**phrase, "words": _words(phrase["words"])}) for phrase in document]


def transcript_to_json(transcript: Transcript) -> JsonObject:
    """A document that ``transcript_from_json`` reads back as it was."""
    return asdict(transcript)


def transcript_from_json(document: JsonObject) -> Transcript:
    """The transcript that was stored."""
    segments = tuple(
        Segment(**{**segment, "words": _words(segment["words"])}) for segment in document["segments"]
    )
    return Transcript(**{**document, "segments": segments})


def _words(document: list[dict[str, Any]]) -> tuple[Word, ...]:
    return tuple(Word(**word) for word in document)

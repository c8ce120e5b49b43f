"""Who is the therapist: the one who asks."""

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

from shared.domain.values import JsonObject, Segment

FEWEST_QUESTIONS = 3
CLEAR_MAJORITY = 0.6


class Role(StrEnum):
    """What somebody is in a session; of couples and families several are clients."""

    THERAPIST = "therapist"
    CLIENT = "client"
    OTHER = "other"


def propose_roles(segments: Sequence[Segment]) -> JsonObject:
    """``{speaker: {role, confidence}}`` for a conversation, or nothing if it is unclear.

    One is the ``therapist`` and all others are a ``client``. ``confidence`` is the therapist's share
    of the questions with one added for each speaker (Laplace), so that few questions never give
    certainty, and fewer still among many.
    """
    speakers = sorted({segment.speaker for segment in segments})
    questions = Counter[str]()
    for segment in segments:
        questions[segment.speaker] += segment.text.count("?")
    total = questions.total()
    if len(speakers) < 2 or total < FEWEST_QUESTIONS:
        return {}
    asking = max(speakers, key=lambda speaker: questions[speaker])
    confidence = (questions[asking] + 1) / (total + len(speakers))
    if confidence < CLEAR_MAJORITY:
        return {}
    return {
        speaker: {
            "role": (Role.THERAPIST if speaker == asking else Role.CLIENT).value,
            "confidence": round(confidence, 2),
        }
        for speaker in speakers
    }

"""Who is the therapist: the one who asks."""

from collections import Counter
from collections.abc import Sequence

from shared.domain.values import JsonObject, Segment

FEWEST_QUESTIONS = 3
CLEAR_MAJORITY = 0.6


def propose_roles(segments: Sequence[Segment]) -> JsonObject:
    """``{speaker: {role, confidence}}`` for a conversation of two, or nothing if it is unclear.

    ``role`` is ``therapist`` or ``patient``. ``confidence`` is the therapist's share of the
    questions with one added to each side (Laplace), so that few questions never give certainty.
    """
    speakers = sorted({segment.speaker for segment in segments})
    questions = Counter[str]()
    for segment in segments:
        questions[segment.speaker] += segment.text.count("?")
    total = questions.total()
    if len(speakers) != 2 or total < FEWEST_QUESTIONS:
        return {}
    asking = max(speakers, key=lambda speaker: questions[speaker])
    confidence = (questions[asking] + 1) / (total + 2)
    if confidence < CLEAR_MAJORITY:
        return {}
    return {
        speaker: {"role": "therapist" if speaker == asking else "patient", "confidence": round(confidence, 2)}
        for speaker in speakers
    }

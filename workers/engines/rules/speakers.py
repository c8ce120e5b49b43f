"""Who is the therapist: by what the recording's analysis says, by label, or by who asks."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from shared.domain.english.quotes import words_of
from shared.domain.values import Transcript

MIN_CONFIDENCE = 0.6  # below this a role that came with the transcript is not believed
MIN_QUESTIONS = 2  # who asks fewer is not called the therapist for that alone
MIN_LEAD = 1.5  # the therapist asks at least so many times as often, per sentence, as the other

_THERAPIST_CUES = (
    "i want you to", "i would like you to", "for homework", "our session", "last time we",
    "how have you been",    "what went through your mind", "tell me more", "what comes up",
    "thank you for telling me", "let us try",
    "let's try", "thank you for sharing", "i hear you", "that sounds", "it sounds like",
)  # fmt: skip
_LABELS = {"t": "therapist", "c": "client", "p": "client", "patient": "client", "clinician": "therapist"}


class Role(StrEnum):
    """Who speaks."""

    THERAPIST = "therapist"
    CLIENT = "client"
    UNKNOWN = "unknown"


def roles_of(transcript: Transcript, said: Sequence[tuple[str, bool, str]]) -> dict[str, Role]:
    """The role of each speaker; ``said`` is (speaker, whether it asks, text) for each sentence.

    ``transcript.quality["speaker_roles"]`` (label to ``{role, confidence}``) comes first, then
    labels that name a role, then questions and turns of phrase. Without a clear answer all are unknown.
    """
    speakers = sorted({speaker for speaker, _, _ in said})
    given = _given(transcript, speakers) or _labelled(speakers)
    if given:
        return given
    if len(speakers) < 2:
        return {}
    scores = {speaker: _score(speaker, said) for speaker in speakers}
    first, second = sorted(scores.values(), reverse=True)[:2]
    if first <= 0 or first < MIN_LEAD * second:
        return {}
    therapist = max(scores, key=lambda speaker: scores[speaker])
    return {s: Role.THERAPIST if s == therapist else Role.CLIENT for s in speakers}


def _given(transcript: Transcript, speakers: Sequence[str]) -> dict[str, Role]:
    given = transcript.quality.get("speaker_roles")
    roles: dict[str, Role] = {}
    for speaker in speakers:
        entry = given.get(speaker) if isinstance(given, Mapping) else None
        confidence = entry.get("confidence") if isinstance(entry, Mapping) else None
        if (
            isinstance(entry, Mapping)
            and isinstance(confidence, int | float)
            and confidence >= MIN_CONFIDENCE
        ):
            role = str(entry.get("role", ""))
            if role in {Role.THERAPIST, Role.CLIENT}:
                roles[speaker] = Role(role)
    return _completed(roles, speakers)


def _labelled(speakers: Sequence[str]) -> dict[str, Role]:
    roles: dict[str, Role] = {}
    for speaker in speakers:
        label = speaker.strip().casefold()
        label = _LABELS.get(label, label)
        if label in {Role.THERAPIST, Role.CLIENT}:
            roles[speaker] = Role(label)
    return _completed(roles, speakers)


def _completed(roles: dict[str, Role], speakers: Sequence[str]) -> dict[str, Role]:
    """Of two speakers, if one is known, the other is the other."""
    if len(roles) == 1 and len(speakers) == 2:
        (known,) = roles
        other = next(speaker for speaker in speakers if speaker != known)
        roles[other] = Role.CLIENT if roles[known] is Role.THERAPIST else Role.THERAPIST
    return roles


def _score(speaker: str, said: Sequence[tuple[str, bool, str]]) -> float:
    own = [(asks, " ".join(words_of(text))) for label, asks, text in said if label == speaker]
    questions = sum(asks for asks, _ in own)
    cues = sum(any(cue in text for cue in _THERAPIST_CUES) for _, text in own)
    if questions < MIN_QUESTIONS and cues == 0:
        return 0.0
    return (questions + 2 * cues) / len(own)

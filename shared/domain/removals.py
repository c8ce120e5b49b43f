"""What can be taken away in a practice, and must stay so after a restore."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Removal(StrEnum):
    """The kinds of entries in the list of removals, as the triggers of migrations 0050 to 0113 write them.

    ``TAKEN_BACK_BY`` says which of them take an earlier entry back. A ``HOLD`` takes away the right to
    delete: its subject is the patient, that of ``HOLD_LIFTED`` the hold. ``PART2_FLAGGED`` takes away the
    right to send away, and a ``RESTRICTION`` what else the patient does not want: its subject is the patient,
    that of ``RESTRICTION_ENDED`` the request.
    """

    SESSION = "session"
    SESSION_CANCELLED = "session_cancelled"
    PATIENT = "patient"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    CONSENT_GIVEN = "consent_given"
    # By scope, and by participant: the subject is the patient or the participant.
    RECORDING_WITHDRAWN = "recording_withdrawn"
    RECORDING_GIVEN = "recording_given"
    AI_NOTES_WITHDRAWN = "ai_notes_withdrawn"
    AI_NOTES_GIVEN = "ai_notes_given"
    SENDING_AWAY_WITHDRAWN = "sending_away_withdrawn"
    SENDING_AWAY_GIVEN = "sending_away_given"
    PART2_WITHDRAWN = "part2_withdrawn"
    PART2_GIVEN = "part2_given"
    PART2_FLAGGED = "part2_flagged"
    PART2_UNFLAGGED = "part2_unflagged"
    PROCESS_NOTES = "process_notes"
    KEY = "key"
    PASSPHRASE = "passphrase"  # noqa: S105 - a word
    PASSKEY = "passkey"
    SECOND_FACTOR = "second_factor"
    PERSON_DISABLED = "person_disabled"
    PERSON_ENABLED = "person_enabled"
    WEBHOOK = "webhook"
    AWAY_FORBIDDEN = "away_forbidden"
    AWAY_ALLOWED = "away_allowed"
    OFF_RECORD = "off_record"
    HOLD = "hold"
    HOLD_LIFTED = "hold_lifted"
    RESTRICTION = "restriction"
    RESTRICTION_ENDED = "restriction_ended"
    RECORDING = "recording"
    TRANSCRIPT = "transcript"
    DRAFTS = "drafts"


# The entry that takes another back.
TAKEN_BACK_BY = {
    Removal.CONSENT_WITHDRAWN: Removal.CONSENT_GIVEN,
    Removal.RECORDING_WITHDRAWN: Removal.RECORDING_GIVEN,
    Removal.AI_NOTES_WITHDRAWN: Removal.AI_NOTES_GIVEN,
    Removal.SENDING_AWAY_WITHDRAWN: Removal.SENDING_AWAY_GIVEN,
    Removal.PART2_WITHDRAWN: Removal.PART2_GIVEN,
    Removal.PART2_FLAGGED: Removal.PART2_UNFLAGGED,
    Removal.PERSON_DISABLED: Removal.PERSON_ENABLED,
    Removal.AWAY_FORBIDDEN: Removal.AWAY_ALLOWED,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that was taken away, and when; ``sealed`` under the subject's key."""

    practice_id: UUID
    kind: Removal
    subject_id: UUID
    at: datetime
    sealed: bytes | None = None

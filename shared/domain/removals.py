"""What can be taken away in a practice, and must stay so after a restore."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Removal(StrEnum):
    """The kinds of entries in the list of removals, as migrations 0050, 0070 and 0071 write them.

    ``CONSENT_GIVEN``, ``PERSON_ENABLED`` and ``AWAY_ALLOWED`` take an earlier entry back. A ``HOLD`` takes
    away the right to delete: its subject is the patient, that of ``HOLD_LIFTED`` the hold.
    """

    SESSION = "session"
    SESSION_CANCELLED = "session_cancelled"
    PATIENT = "patient"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    CONSENT_GIVEN = "consent_given"
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
    RECORDING = "recording"
    TRANSCRIPT = "transcript"
    DRAFTS = "drafts"


# The entry that takes another back.
TAKEN_BACK_BY = {
    Removal.CONSENT_WITHDRAWN: Removal.CONSENT_GIVEN,
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

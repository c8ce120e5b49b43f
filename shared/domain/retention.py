"""What is kept for how long: the kinds of records, and the events from which their time is counted."""

from enum import StrEnum


class RetentionKind(StrEnum):
    """What a rule of retention is about.

    ``SESSION`` is all that is left of a session, signed notes among it. ``SIGNED_MINIMUM`` removes nothing:
    until it is over no session with signed notes is deleted, by a rule or by a person.
    """

    RECORDING = "recording"  # with what it was decoded to
    TRANSCRIPT = "transcript"  # with its corrections, speakers, waveform and answered alerts
    DRAFTS = "drafts"  # every version of the notes that is not signed
    PROCESS_NOTES = "process_notes"
    SESSION = "session"
    SIGNED_MINIMUM = "signed_minimum"
    TRAIL = "trail"  # the oldest lines of the audit trail, of all records


class RetentionEvent(StrEnum):
    """From when the days of a rule count."""

    SESSION = "session"  # the session's date
    LAST_SESSION = "last_session"  # the date of the patient's last session
    MAJORITY = "majority"  # the same, or the end of the year in which the patient comes of age, if later
    SIGNED = "signed"  # the author's first signature; never, where there is none
    WRITTEN = "written"  # when a line of the trail was written; of the trail alone


# What may be counted from a signature: parts of a session, not the session itself.
COUNTED_FROM_SIGNATURE = frozenset(
    {
        RetentionKind.RECORDING,
        RetentionKind.TRANSCRIPT,
        RetentionKind.DRAFTS,
        RetentionKind.PROCESS_NOTES,
    }
)
AGE_OF_MAJORITY = 18
MOST_DAYS, MOST_GRACE_DAYS = 36_500, 365
BIRTH_YEARS = (1900, 2200)
# Six years (45 CFR 164.316(b)(2)), two of which may be leap years. Postgres holds to it as well.
LEAST_TRAIL_DAYS = 2192
# Kinds whose rules remove something of a session.
OF_SESSIONS = frozenset(RetentionKind) - {RetentionKind.SIGNED_MINIMUM, RetentionKind.TRAIL}

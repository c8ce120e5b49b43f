"""How values are written for people: times, statuses, kinds of risk. Filters of the templates."""

from datetime import UTC, datetime

from shared.domain.status import Status
from shared.domain.verification.boilerplate import RISK_LABELS
from web import keys

STATUSES = {
    Status.UPLOADING: "Uploading",
    Status.PENDING: "Waiting",
    Status.TRANSCRIBING: "Being transcribed",
    Status.TRANSCRIBED: "Transcribed",
    Status.EXTRACTING_NOTES: "Notes are being written",
    Status.PROCESSED: "Ready",
    Status.FAILED: "Failed",
    Status.CANCELLED: "Cancelled",
}


def clock(seconds: float) -> str:
    """``1:02:03`` or ``2:03``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def day(at: datetime) -> str:
    """``3 Mar 2026``, in UTC as everywhere."""
    return at.astimezone(UTC).strftime("%-d %b %Y")


def moment(at: datetime) -> str:
    """``3 Mar 2026, 14:05 UTC``."""
    return at.astimezone(UTC).strftime("%-d %b %Y, %H:%M UTC")


def duration(seconds: float | None) -> str:
    """How long a recording is: ``52 min``."""
    if seconds is None:
        return ""
    return f"{round(seconds / 60)} min" if seconds >= 60 else f"{round(seconds)} s"


def status(value: Status) -> str:
    """What a status is called."""
    return STATUSES[value]


def risk(kind: str) -> str:
    """What a kind of risk is called."""
    return RISK_LABELS[kind]


def plain(word: str) -> str:
    """A word of the notes' schema as people write it: ``very_low`` is very low."""
    return word.replace("_", " ")


FILTERS = {
    "clock": clock,
    "day": day,
    "moment": moment,
    "duration": duration,
    "status_word": status,
    "risk_word": risk,
    "plain": plain,
    "key_name": keys.shown,
}

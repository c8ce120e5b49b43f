"""How values are written for people: times, statuses, kinds of risk. Filters of the templates."""

from datetime import UTC, datetime

from babel.dates import format_date, format_time

from shared.domain.status import Status
from shared.domain.verification.boilerplate import RISK_LABELS
from web import keys
from web.translation import SOURCE, gettext, language, mark

STATUSES = {
    Status.UPLOADING: mark("Uploading"),
    Status.PENDING: mark("Waiting"),
    Status.TRANSCRIBING: mark("Being transcribed"),
    Status.TRANSCRIBED: mark("Transcribed"),
    Status.EXTRACTING_NOTES: mark("Notes are being written"),
    Status.PROCESSED: mark("Ready"),
    Status.FAILED: mark("Failed"),
    Status.CANCELLED: mark("Cancelled"),
}


def clock(seconds: float) -> str:
    """``1:02:03`` or ``2:03``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def day(at: datetime) -> str:
    """``3 Mar 2026``, in UTC as everywhere; in other languages as is usual there."""
    at, locale = at.astimezone(UTC), language().locale
    return at.strftime("%-d %b %Y") if locale.language == SOURCE else format_date(at, "medium", locale)


def moment(at: datetime) -> str:
    """``3 Mar 2026, 14:05 UTC``."""
    at, locale = at.astimezone(UTC), language().locale
    time = at.strftime("%H:%M") if locale.language == SOURCE else format_time(at, "short", locale=locale)
    return f"{day(at)}, {time} UTC"


def duration(seconds: float | None) -> str:
    """How long a recording is: ``52 min``."""
    if seconds is None:
        return ""
    return f"{round(seconds / 60)} min" if seconds >= 60 else f"{round(seconds)} s"


def status(value: Status) -> str:
    """What a status is called."""
    return gettext(STATUSES[value])


def risk(kind: str) -> str:
    """What a kind of risk is called."""
    return gettext(RISK_LABELS[kind])


def plain(word: str) -> str:
    """A word of the notes' schema as people write it: ``very_low`` is very low."""
    return word.replace("_", " ")


def term(word: str) -> str:
    """A word of ours in the reader's language: ``awaiting_cosignature``. See ``terms``."""
    return gettext(plain(word))


def initial(text: str) -> str:
    """The text with a capital first letter; the others stay, for German nouns have their own."""
    return text[:1].upper() + text[1:]


FILTERS = {
    "clock": clock,
    "day": day,
    "moment": moment,
    "duration": duration,
    "status_word": status,
    "risk_word": risk,
    "plain": plain,
    "term": term,
    "translated": gettext,
    "initial": initial,
    "key_name": keys.shown,
}

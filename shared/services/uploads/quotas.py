"""Room for uploads: on the disk, and in a practice's day (UTC) of bytes and minutes of audio."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.queries.records import quotas
from shared.db.tables.core import TherapySession
from shared.domain.errors import LimitReached, Unavailable
from shared.domain.values import MediaFacts
from shared.services.resources import Resources
from shared.settings import MIB

# Opus' least (RFC 6716, 2.1.1): a recording without a declared length is charged no more than it could hold.
_LEAST_BITS_PER_SECOND = 6000


def require_room(resources: Resources, practice_id: UUID, least_bytes: int) -> None:
    """Before a body is read: raise unless ``least_bytes`` more can be accepted now.

    Raises Unavailable (``disk_full``) or LimitReached (``quota_exceeded``).
    """
    settings = resources.settings
    if resources.recordings.store.free_bytes() < settings.min_free_disk_mib * MIB:
        raise Unavailable("There is no room for new recordings. Try again later.", "disk_full", 60)
    with resources.database.transaction(practice_id) as db:
        size, seconds = quotas.used_today(db, practice_id)
    if (
        size + least_bytes > settings.practice_mib_per_day * MIB
        or seconds >= settings.practice_minutes_per_day * 60
    ):
        raise _exceeded()


def charge(
    resources: Resources,
    db: DbSession,
    session: TherapySession,
    facts: MediaFacts,
    further: int | None = None,
) -> None:
    """Charge the practice for a session that this transaction inserts, its row already flushed.

    ``further``: for a further recording of so many bytes instead. The length is the declared one until
    decoding tells (``settle``). Raises LimitReached.
    """
    settings = resources.settings
    most = float(settings.max_recording_seconds)
    seconds, size = facts.declared_seconds, session.audio_bytes if further is None else further
    if seconds is None:
        seconds = size * 8 / _LEAST_BITS_PER_SECOND
    seconds = min(max(seconds, 0.0), most)
    day = quotas.charge(
        db,
        session.practice_id,
        size=size,
        seconds=seconds,
        max_bytes=settings.practice_mib_per_day * MIB,
        max_seconds=settings.practice_minutes_per_day * 60.0,
    )
    if day is None:
        raise _exceeded()
    before = 0.0 if further is None else session.charged_seconds or session.duration_seconds or 0.0
    session.charged_on, session.charged_seconds = day, before + seconds


def _exceeded() -> LimitReached:
    now = datetime.now(UTC)
    midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
    return LimitReached(
        "The practice has uploaded as much as is allowed in a day. Retry-After says when the next begins.",
        "quota_exceeded",
        max(1, int((midnight - now).total_seconds()) + 1),
    )

"""What a practice has used of its day, charged in one statement that cannot exceed a quota."""

from datetime import date
from uuid import UUID

from sqlalchemy import Date, cast, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session as DbSession

from shared.db.connection.deferred import at_the_end
from shared.db.tables.requests import QuotaDay

_SETTLE_DAY = """
UPDATE quota_days SET seconds = quota_days.seconds + %(seconds)s - sessions.charged_seconds FROM sessions
WHERE sessions.id = %(session)s AND sessions.charged_seconds IS NOT NULL
    AND quota_days.practice_id = sessions.practice_id AND quota_days.day = sessions.charged_on
"""
_SETTLE = """
UPDATE sessions SET charged_seconds = %(seconds)s
WHERE id = %(session)s AND charged_on IS NOT NULL AND charged_seconds IS NOT NULL
"""
_TODAY = cast(func.timezone("UTC", func.now()), Date)


def used_today(db: DbSession, practice_id: UUID) -> tuple[int, float]:
    """Bytes and seconds of audio that the practice has uploaded today (UTC)."""
    query = select(QuotaDay.bytes, QuotaDay.seconds).where(
        QuotaDay.practice_id == practice_id, QuotaDay.day == _TODAY
    )
    found = db.execute(query).first()
    return (0, 0.0) if found is None else (found.bytes, found.seconds)


def charge(
    db: DbSession, practice_id: UUID, *, size: int, seconds: float, max_bytes: int, max_seconds: float
) -> date | None:
    """Add to the practice's day and give the day; None, with nothing added, if a maximum forbids it.

    The row is locked until the transaction ends: make this its last statement but few.
    """
    db.execute(insert(QuotaDay).values(practice_id=practice_id, day=_TODAY).on_conflict_do_nothing())
    charged = (
        update(QuotaDay)
        .where(
            QuotaDay.practice_id == practice_id,
            QuotaDay.day == _TODAY,
            QuotaDay.bytes + size <= max_bytes,
            QuotaDay.seconds + seconds <= max_seconds,
        )
        .values(bytes=QuotaDay.bytes + size, seconds=QuotaDay.seconds + seconds)
        .returning(QuotaDay.day)
    )
    return db.scalar(charged)


def settle(db: DbSession, session_id: UUID, seconds: float) -> None:
    """Replace the length that was charged for a session by the one that decoding found."""
    values = {"session": str(session_id), "seconds": seconds}
    at_the_end(db, _SETTLE_DAY, values)
    at_the_end(db, _SETTLE, values)

"""What clients who follow a session are told: its changes of status, in order."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.core import TherapySession
from shared.db.tables.lifecycle import SessionEvent
from shared.domain.status import Status

# How late a change may be committed after one with a higher id, so that followers of many sessions learn
# of it; the second bound keeps the question to one small range of the primary key.
LATE_SECONDS = 60
LATE_NUMBERS = 2000


def record(
    db: DbSession, practice_id: UUID, session_id: UUID, status: Status, code: str | None = None
) -> None:
    """Add a change of status; the caller's transaction holds the session's row (or inserts it)."""
    db.add(SessionEvent(practice_id=practice_id, session_id=session_id, status=status, code=code))
    db.flush()  # the number is drawn now, under the lock


def after(db: DbSession, session_id: UUID, event_id: int) -> Sequence[SessionEvent]:
    """The session's changes with ids above ``event_id``, oldest first."""
    query = select(SessionEvent).where(SessionEvent.session_id == session_id, SessionEvent.id > event_id)
    return db.scalars(query.order_by(SessionEvent.id)).all()


def exists(db: DbSession, session_id: UUID, event_id: int) -> bool:
    """Whether a change of this session has this id."""
    query = select(SessionEvent.id).where(SessionEvent.session_id == session_id, SessionEvent.id == event_id)
    return db.scalar(query) is not None


def of_therapist(db: DbSession, therapist_id: UUID, after: int, limit: int) -> Sequence[SessionEvent]:
    """Changes of the therapist's sessions with ids above ``after``, and those of the last minute, by id.

    Across sessions a lower number may be committed after a higher one: it is among the last minute's.
    """
    recent = SessionEvent.at > func.now() - timedelta(seconds=LATE_SECONDS)
    query = (
        select(SessionEvent)
        .join(TherapySession, TherapySession.id == SessionEvent.session_id)
        .where(TherapySession.therapist_id == therapist_id, SessionEvent.id > after - LATE_NUMBERS)
        .where(or_(SessionEvent.id > after, recent))
    )
    return db.scalars(query.order_by(SessionEvent.id).limit(limit)).all()


def newest(db: DbSession) -> int:
    """The highest id of a change that can be read now; 0 if there is none."""
    return db.scalar(select(func.max(SessionEvent.id))) or 0

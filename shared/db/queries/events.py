"""What clients who follow a session are told: its changes of status, in order."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.lifecycle import SessionEvent
from shared.domain.status import Status


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

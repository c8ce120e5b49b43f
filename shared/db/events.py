"""What clients who follow a session are told: its changes of status, in order."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from shared.db.lifecycle_tables import SessionEvent
from shared.db.parting import at_the_end
from shared.domain.status import Status

_RECORD = """
INSERT INTO session_events (practice_id, session_id, status, code)
VALUES (%(practice)s, %(session)s, %(status)s, %(code)s)
"""


def record(
    db: DbSession, practice_id: UUID, session_id: UUID, status: Status, code: str | None = None
) -> None:
    """Add a change of status; the caller's transaction holds the session's row (or inserts it)."""
    values = {"practice": str(practice_id), "session": str(session_id), "status": status.value, "code": code}
    at_the_end(db, _RECORD, values)  # the number is drawn then, still under the lock


def after(db: DbSession, session_id: UUID, event_id: int) -> Sequence[SessionEvent]:
    """The session's changes with ids above ``event_id``, oldest first."""
    query = select(SessionEvent).where(SessionEvent.session_id == session_id, SessionEvent.id > event_id)
    return db.scalars(query.order_by(SessionEvent.id)).all()


def exists(db: DbSession, session_id: UUID, event_id: int) -> bool:
    """Whether a change of this session has this id."""
    query = select(SessionEvent.id).where(SessionEvent.session_id == session_id, SessionEvent.id == event_id)
    return db.scalar(query) is not None

"""Sessions that are open to supervisors."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.core import Therapist, TherapySession
from shared.db.tables.supervision import SupervisionGrant

Listed = tuple[UUID, datetime, UUID, UUID, datetime]
"""Of a grant: session, its date, therapist, supervisor, since when."""


def of_session(db: DbSession, session_id: UUID) -> SupervisionGrant | None:
    """The session's grant; also one to a person who supervises its therapist no longer."""
    return db.get(SupervisionGrant, session_id)


def lasting(db: DbSession, supervisor_id: UUID, session_id: UUID) -> SupervisionGrant | None:
    """What lets this person hear and read the session now."""
    query = select(SupervisionGrant).where(
        SupervisionGrant.session_id == session_id, SupervisionGrant.supervisor_id == supervisor_id
    )
    return db.scalar(query.join(Therapist, _still_supervised()))


def by_therapist(db: DbSession, therapist_id: UUID, limit: int) -> Sequence[Listed]:
    """The therapist's sessions that are open to their supervisor, the latest first."""
    return _listed(db, SupervisionGrant.therapist_id == therapist_id, limit)


def to_supervisor(db: DbSession, supervisor_id: UUID, limit: int) -> Sequence[Listed]:
    """The sessions that are open to the supervisor, the latest first."""
    return _listed(db, SupervisionGrant.supervisor_id == supervisor_id, limit)


def end(db: DbSession, session_id: UUID) -> None:
    """Close the session to the supervisor."""
    db.execute(delete(SupervisionGrant).where(SupervisionGrant.session_id == session_id))


def end_of_therapist(db: DbSession, therapist_id: UUID) -> Sequence[UUID]:
    """Close all sessions of the therapist to supervisors; gives which ones."""
    ended = delete(SupervisionGrant).where(SupervisionGrant.therapist_id == therapist_id)
    return db.scalars(ended.returning(SupervisionGrant.session_id)).all()


def end_all(db: DbSession) -> None:
    """End every grant of the practice."""
    db.execute(delete(SupervisionGrant))


def _listed(db: DbSession, whose: ColumnElement[bool], limit: int) -> Sequence[Listed]:
    query = (
        select(
            TherapySession.id,
            TherapySession.session_date,
            SupervisionGrant.therapist_id,
            SupervisionGrant.supervisor_id,
            SupervisionGrant.granted_at,
        )
        .join(TherapySession, TherapySession.id == SupervisionGrant.session_id)
        .join(Therapist, _still_supervised())
        .where(whose)
        .order_by(TherapySession.session_date.desc(), TherapySession.id)
        .limit(limit)
    )
    return [(row[0], row[1], row[2], row[3], row[4]) for row in db.execute(query)]


def _still_supervised() -> ColumnElement[bool]:
    return (Therapist.id == SupervisionGrant.therapist_id) & (
        Therapist.supervisor_id == SupervisionGrant.supervisor_id
    )

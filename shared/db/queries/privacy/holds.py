"""Legal holds: placed, asked for, lifted.

A hold is placed with its patient's row locked for that transaction alone, and a deletion locks the row with
others before it looks for holds: the two never pass each other unseen.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.privacy.retention import Hold


def add(db: DbSession, row: Hold) -> Hold:
    """A new hold; the patient's row must be locked."""
    db.add(row)
    db.flush()
    db.refresh(row)
    return row


def get(db: DbSession, hold_id: UUID, *, lock: bool = False) -> Hold | None:
    """One hold of the practice; ``lock``: its row is locked until the transaction ends."""
    query = select(Hold).where(Hold.id == hold_id)
    return db.scalar(query.with_for_update() if lock else query)


def listed(db: DbSession, practice_id: UUID, *, lifted_too: bool) -> Sequence[Hold]:
    """The holds of the practice, newest first."""
    query = select(Hold).where(Hold.practice_id == practice_id)
    if not lifted_too:
        query = query.where(Hold.lifted_at.is_(None))
    return db.scalars(query.order_by(Hold.placed_at.desc(), Hold.id)).all()


def is_held(db: DbSession, patient_id: UUID, session_id: UUID | None = None) -> bool:
    """Whether the patient is on hold, or this session of theirs."""
    mine = or_(Hold.session_id.is_(None), Hold.session_id == session_id)
    found = select(Hold.id).where(Hold.patient_id == patient_id, Hold.lifted_at.is_(None), mine).limit(1)
    return db.scalar(found) is not None


def held_sessions(db: DbSession, patient_id: UUID) -> set[UUID | None]:
    """The patient's sessions that are on hold by themselves, and None where the patient is."""
    return set(
        db.scalars(select(Hold.session_id).where(Hold.patient_id == patient_id, Hold.lifted_at.is_(None)))
    )


def set_review(db: DbSession, hold_id: UUID, review_on: date) -> None:
    """Look at it again on that day."""
    _change(db, hold_id, review_on=review_on)


def set_lift_asked(db: DbSession, hold_id: UUID, by: UUID | None) -> None:
    """Note who asked for the lift; None: the request was withdrawn."""
    _change(db, hold_id, lift_asked_by=by, lift_asked_at=None if by is None else func.now())


def lift(db: DbSession, hold_id: UUID, by: UUID | None, at: datetime | None = None) -> None:
    """It holds no longer. Postgres refuses that to the one who asked for it."""
    _change(db, hold_id, lifted_by=by, lifted_at=at or func.now())


def _change(db: DbSession, hold_id: UUID, **values: Any) -> None:
    db.execute(update(Hold).where(Hold.id == hold_id).values(**values))

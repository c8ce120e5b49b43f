"""Deleted sessions: their rows removed, their tombstones, and the objects still to be removed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.alerts import RiskAlert
from shared.db.tables.core import Output, StepRow, TherapySession
from shared.db.tables.engines import TranscriptionUsage
from shared.db.tables.lifecycle import Erasure, SessionEvent, Tombstone
from shared.db.tables.privacy.consent import Part2Flag
from shared.db.tables.records import NotesVersion, ProcessNotes, ProposalDecision, Signature
from shared.db.tables.supervision import SupervisionGrant
from shared.db.tables.uploads import FurtherRecording


@dataclass(frozen=True, slots=True)
class Remains:
    """Objects of a session to be removed; ``whole``: all of them, and the key."""

    session_id: UUID
    practice_id: UUID
    whole: bool


# By the name under which a receipt counts them; what names another comes first.
_ROWS: tuple[tuple[str | None, Any], ...] = (
    ("outputs", Output),
    ("process_notes", ProcessNotes),
    (None, ProposalDecision),
    (None, Signature),
    (None, TranscriptionUsage),
    (None, SupervisionGrant),
    (None, FurtherRecording),
    ("notes", NotesVersion),
    ("steps", StepRow),
    ("events", SessionEvent),
    ("risk_alerts", RiskAlert),
)


def count_rows(db: DbSession, session_id: UUID) -> dict[str, int]:
    """How many rows of each kind a session has, as its receipt shows it."""
    return {
        name: db.scalar(select(func.count()).select_from(table).where(table.session_id == session_id)) or 0
        for name, table in _ROWS
        if name is not None
    }


def remove_rows(db: DbSession, session_id: UUID) -> None:
    """Remove every row of a session that the caller holds, and that has a tombstone by now.

    Without the tombstone Postgres would refuse to let signed notes go.
    """
    for _, table in _ROWS:
        db.execute(delete(table).where(table.session_id == session_id))
    db.execute(delete(Part2Flag).where(Part2Flag.subject_id == session_id))
    db.execute(delete(TherapySession).where(TherapySession.id == session_id))


def leave_tombstone(
    db: DbSession,
    row: TherapySession,
    removed: dict[str, int],
    requested_by: str,
    signed: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Note that the session was deleted, by whom, what of it, and which signatures were on it."""
    db.add(
        Tombstone(
            session_id=row.id,
            practice_id=row.practice_id,
            therapist_id=row.therapist_id,
            patient_id=row.patient_id,
            removed=removed,
            signed=list(signed),
            requested_by=requested_by,
        )
    )
    db.flush()


def tombstone_of(db: DbSession, therapist_id: UUID, session_id: UUID) -> Tombstone | None:
    """The tombstone of the therapist's session; None also where it is another person's."""
    return db.scalar(
        select(Tombstone).where(Tombstone.session_id == session_id, Tombstone.therapist_id == therapist_id)
    )


def mark_erased(db: DbSession, session_id: UUID) -> None:
    """Note that key and objects are gone, if it was not noted before."""
    gone = Tombstone.session_id == session_id, Tombstone.erased_at.is_(None)
    db.execute(update(Tombstone).where(*gone).values(erased_at=func.now()))


def schedule(db: DbSession, remains: Remains, *, due_seconds: float, last_seconds: float) -> None:
    """Have objects removed after ``due_seconds``, and for the last time after ``last_seconds``."""
    now = func.now()
    when = {
        "due_at": now + timedelta(seconds=due_seconds),
        "last_at": now + timedelta(seconds=last_seconds),
    }
    values = {"practice_id": remains.practice_id, "whole": remains.whole, **when}
    statement = insert(Erasure).values(session_id=remains.session_id, **values)
    db.execute(statement.on_conflict_do_update(index_elements=[Erasure.session_id], set_=values))


def take_due(db: DbSession, *, again_seconds: float, limit: int) -> Sequence[Remains]:
    """Remains to be removed now, each put off by ``again_seconds`` in case this attempt fails.

    Callers side by side never get the same.
    """
    due = select(Erasure.session_id).where(Erasure.due_at <= func.now()).order_by(Erasure.due_at)
    ids = db.scalars(due.limit(limit).with_for_update(skip_locked=True)).all()
    rows = db.execute(
        update(Erasure)
        .where(Erasure.session_id.in_(ids))
        .values(due_at=func.now() + timedelta(seconds=again_seconds))
        .returning(Erasure.session_id, Erasure.practice_id, Erasure.whole)
    )
    return [Remains(row.session_id, row.practice_id, row.whole) for row in rows]


def settle(db: DbSession, session_id: UUID) -> None:
    """Objects have just been removed: forget them if it was the last time, else wait for that."""
    mine = Erasure.session_id == session_id
    db.execute(delete(Erasure).where(mine, Erasure.last_at <= func.now()))
    db.execute(update(Erasure).where(mine).values(due_at=Erasure.last_at))

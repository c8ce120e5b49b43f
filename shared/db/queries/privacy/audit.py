"""The audit trail: one row for every read and change of a record, in the same transaction.

Postgres refuses to change or remove what is in it, to everybody.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session as DbSession

from shared.db.connection.deferred import at_the_end
from shared.db.tables.core import AuditEvent, TherapySession
from shared.db.tables.lifecycle import Tombstone

_RECORD = """
INSERT INTO audit_events (practice_id, actor, action, subject_id, request_id, step, part, attempt, code,
    key_id, address)
VALUES (%(practice)s, %(actor)s, %(action)s, %(subject)s, %(request)s, %(step)s, %(part)s, %(attempt)s,
    %(code)s, %(key)s, %(address)s)
"""


def record(
    db: DbSession,
    *,
    practice_id: UUID | None,
    actor: str,
    action: str,
    subject_id: UUID | None = None,
    request_id: str | None = None,
    step: str | None = None,
    part: int | None = None,
    attempt: int | None = None,
    code: str | None = None,
    key_id: UUID | None = None,
    address: str | None = None,
) -> None:
    """Add one event. ``actor`` is ``therapist:<id>``, ``worker:<host>`` or ``dispatcher``.

    ``key_id``: of the credential that was used. ``address``: where the call came from.
    """
    values = {
        "practice": None if practice_id is None else str(practice_id),
        "actor": actor,
        "action": action,
        "subject": None if subject_id is None else str(subject_id),
        "request": request_id,
        "step": step,
        "part": part,
        "attempt": attempt,
        "code": code,
        "key": None if key_id is None else str(key_id),
        "address": address,
    }
    at_the_end(db, _RECORD, values)


def has_line(db: DbSession, practice_id: UUID, subject_id: UUID, action: str, code: str) -> bool:
    """Whether this was noted about the subject before."""
    query = select(AuditEvent.id).where(
        AuditEvent.practice_id == practice_id,
        AuditEvent.subject_id == subject_id,
        AuditEvent.action == action,
        AuditEvent.code == code,
    )
    return db.scalar(query.limit(1)) is not None


def about_steps(db: DbSession, session_id: UUID) -> Sequence[AuditEvent]:
    """What was noted about the steps of a session, oldest first."""
    query = select(AuditEvent).where(AuditEvent.subject_id == session_id, AuditEvent.step.is_not(None))
    return db.scalars(query.order_by(AuditEvent.id)).all()


@dataclass(frozen=True, slots=True)
class Filter:
    """Which lines are wanted; None: all. ``action``: itself, or what follows it after a dot.

    ``steps``: also what workers did with the steps of sessions.
    """

    person_id: UUID | None = None
    key_id: UUID | None = None
    address: str | None = None
    subjects: frozenset[UUID] | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    steps: bool = False


def page(
    db: DbSession, practice_id: UUID, wanted: Filter, *, before: int | None, limit: int
) -> Sequence[AuditEvent]:
    """The practice's lines that ``wanted`` describes, newest first."""
    query = select(AuditEvent).where(AuditEvent.practice_id == practice_id, *_conditions(wanted))
    if before is not None:
        query = query.where(AuditEvent.id < before)
    return db.scalars(query.order_by(AuditEvent.id.desc()).limit(limit)).all()


_ROLES = ("therapist", "administrator", "emergency", "supervision")


def _conditions(wanted: Filter) -> Iterator[ColumnElement[bool]]:
    if not wanted.steps:
        yield AuditEvent.step.is_(None)
    if wanted.person_id is not None:
        yield AuditEvent.actor.in_([f"{role}:{wanted.person_id}" for role in _ROLES])
    if wanted.key_id is not None:
        yield AuditEvent.key_id == wanted.key_id
    if wanted.address is not None:
        yield AuditEvent.address == wanted.address
    if wanted.subjects is not None:
        yield AuditEvent.subject_id.in_(wanted.subjects)
    if wanted.action is not None:
        yield (AuditEvent.action == wanted.action) | AuditEvent.action.startswith(
            f"{wanted.action}.", autoescape=True
        )
    if wanted.since is not None:
        yield AuditEvent.at >= wanted.since
    if wanted.until is not None:
        yield AuditEvent.at < wanted.until


def sessions_of(db: DbSession, practice_id: UUID, patient_id: UUID) -> set[UUID]:
    """The sessions of a patient, those that were deleted included."""
    there = select(TherapySession.id).where(
        TherapySession.practice_id == practice_id, TherapySession.patient_id == patient_id
    )
    deleted = select(Tombstone.session_id).where(
        Tombstone.practice_id == practice_id, Tombstone.patient_id == patient_id
    )
    return {*db.scalars(there), *db.scalars(deleted)}

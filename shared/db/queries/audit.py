"""The audit trail: one row for every read and change of a record, in the same transaction.

Postgres refuses to change or remove what is in it, to everybody.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from shared.db.connection.deferred import at_the_end
from shared.db.tables.core import AuditEvent

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


def about_steps(db: DbSession, session_id: UUID) -> Sequence[AuditEvent]:
    """What was noted about the steps of a session, oldest first."""
    query = select(AuditEvent).where(AuditEvent.subject_id == session_id, AuditEvent.step.is_not(None))
    return db.scalars(query.order_by(AuditEvent.id)).all()


def page(
    db: DbSession,
    practice_id: UUID,
    *,
    before: int | None,
    person_id: UUID | None,
    subject_id: UUID | None,
    limit: int,
) -> Sequence[AuditEvent]:
    """What people and programs of the practice did, newest first; not what workers did with steps."""
    query = select(AuditEvent).where(AuditEvent.practice_id == practice_id, AuditEvent.step.is_(None))
    if before is not None:
        query = query.where(AuditEvent.id < before)
    if person_id is not None:
        actors = [f"{role}:{person_id}" for role in ("therapist", "administrator", "emergency")]
        query = query.where(AuditEvent.actor.in_(actors))
    if subject_id is not None:
        query = query.where(AuditEvent.subject_id == subject_id)
    return db.scalars(query.order_by(AuditEvent.id.desc()).limit(limit)).all()

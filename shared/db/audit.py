"""The audit trail: one row for every read and change of a record, in the same transaction.

Postgres refuses to change or remove what is in it, to everybody.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from shared.db.tables import AuditEvent


def record(
    db: DbSession,
    *,
    practice_id: UUID,
    actor: str,
    action: str,
    subject_id: UUID | None = None,
    request_id: str | None = None,
    step: str | None = None,
    part: int | None = None,
    attempt: int | None = None,
    code: str | None = None,
) -> None:
    """Add one event. ``actor`` is ``therapist:<id>``, ``worker:<host>`` or ``dispatcher``."""
    db.add(
        AuditEvent(
            practice_id=practice_id,
            actor=actor,
            action=action,
            subject_id=subject_id,
            request_id=request_id,
            step=step,
            part=part,
            attempt=attempt,
            code=code,
        )
    )


def about_steps(db: DbSession, session_id: UUID) -> Sequence[AuditEvent]:
    """What was noted about the steps of a session, oldest first."""
    query = select(AuditEvent).where(AuditEvent.subject_id == session_id, AuditEvent.step.is_not(None))
    return db.scalars(query.order_by(AuditEvent.id)).all()

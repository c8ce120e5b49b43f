"""What of the audit trail may go by a rule, what keeps it, and the rows that say that it went."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.core import AuditEvent, Patient, TherapySession
from shared.db.tables.lifecycle import Tombstone
from shared.db.tables.privacy.audit import AuditBatch, AuditRemoval
from shared.db.tables.privacy.retention import Hold, PatientRetention


def latest(db: DbSession, practice_id: UUID) -> AuditRemoval | None:
    """The newest row that says that the beginning of the practice's trail went."""
    query = select(AuditRemoval).where(AuditRemoval.practice_id == practice_id)
    return db.scalar(query.order_by(AuditRemoval.number.desc()).limit(1))


def removed_lines(db: DbSession, practice_id: UUID) -> int:
    """How many lines went, by all rows."""
    query = select(func.sum(AuditRemoval.lines)).where(AuditRemoval.practice_id == practice_id)
    return int(db.scalar(query) or 0)


def oldest(db: DbSession, practice_id: UUID, *, before: datetime, limit: int) -> Sequence[AuditBatch]:
    """The first batches that no row lets go yet, as far as they were made before that time."""
    gone = latest(db, practice_id)
    query = select(AuditBatch).where(
        AuditBatch.practice_id == practice_id, AuditBatch.number > (gone.number if gone else 0)
    )
    found = db.scalars(query.order_by(AuditBatch.number).limit(limit)).all()
    return [batch for batch in found if batch.sealed_at < before]


def keeps(db: DbSession, practice_id: UUID, event_ids: Sequence[int]) -> bool:
    """Whether one of these lines is about a patient on hold, or one of whom a rule removes nothing.

    Locks the patients that the lines are about, with others: no hold is placed on them meanwhile.
    """
    subjects = select(AuditEvent.subject_id).where(AuditEvent.id.in_(event_ids)).scalar_subquery()
    of_sessions = select(TherapySession.patient_id).where(TherapySession.id.in_(subjects))
    of_deleted = select(Tombstone.patient_id).where(Tombstone.session_id.in_(subjects))
    query = select(Patient.id).where(
        Patient.practice_id == practice_id,
        or_(Patient.id.in_(subjects), Patient.id.in_(of_sessions), Patient.id.in_(of_deleted)),
    )
    patients = db.scalars(query.order_by(Patient.id).with_for_update(read=True)).all()
    held = select(Hold.id).where(Hold.patient_id.in_(patients), Hold.lifted_at.is_(None))
    excepted = select(PatientRetention.patient_id).where(
        PatientRetention.patient_id.in_(patients), PatientRetention.keep_until >= func.current_date()
    )
    return bool(db.scalar(select(or_(held.exists(), excepted.exists()))))


def add(db: DbSession, last: AuditBatch, *, lines: int, removed_at: datetime, code: bytes) -> None:
    """Say that every batch up to ``last`` may go, unless another dispatcher has said so."""
    values = {
        "practice_id": last.practice_id,
        "number": last.number,
        "head": last.head,
        "lines": lines,
        "upto": last.sealed_at,
        "removed_at": removed_at,
        "code": code,
    }
    db.execute(insert(AuditRemoval).values(**values).on_conflict_do_nothing())


def remove_what_may_go(db: DbSession, *, limit: int) -> int:
    """For an operator: remove batches that a row lets go, with their lines; gives how many lines."""
    upto = (
        select(AuditRemoval.practice_id, func.max(AuditRemoval.number).label("number"))
        .group_by(AuditRemoval.practice_id)
        .subquery()
    )
    query = (
        select(AuditBatch.practice_id, AuditBatch.number, AuditBatch.event_ids)
        .join(upto, (upto.c.practice_id == AuditBatch.practice_id) & (AuditBatch.number <= upto.c.number))
        .order_by(AuditBatch.practice_id, AuditBatch.number)
        .limit(limit)
    )
    count = 0
    for practice_id, number, event_ids in db.execute(query).all():
        db.execute(delete(AuditEvent).where(AuditEvent.id.in_(event_ids)))
        db.execute(
            delete(AuditBatch).where(AuditBatch.practice_id == practice_id, AuditBatch.number == number)
        )
        count += len(event_ids)
    return count

"""What the audit trail and people say of one patient's record: lines about it, and recorded disclosures."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.core import AuditEvent, Patient, TherapySession
from shared.db.tables.privacy.audit import Disclosure


def is_patient(db: DbSession, practice_id: UUID, patient_id: UUID) -> bool:
    """Whether the practice has, or had, such a patient."""
    query = select(Patient.id).where(Patient.practice_id == practice_id, Patient.id == patient_id)
    return db.scalar(query) is not None


def session_dates(db: DbSession, practice_id: UUID, patient_id: UUID) -> dict[UUID, datetime]:
    """When each of the patient's sessions was."""
    query = select(TherapySession.id, TherapySession.session_date)
    query = query.where(TherapySession.practice_id == practice_id, TherapySession.patient_id == patient_id)
    return {row.id: row.session_date for row in db.execute(query)}


def add(db: DbSession, disclosure: Disclosure) -> None:
    """Record it."""
    db.add(disclosure)
    db.flush()
    db.refresh(disclosure)


def recorded(
    db: DbSession,
    practice_id: UUID,
    patient_id: UUID,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Sequence[Disclosure]:
    """What people recorded of the patient within the time, newest first."""
    query = select(Disclosure).where(
        Disclosure.practice_id == practice_id, Disclosure.patient_id == patient_id
    )
    if since is not None:
        query = query.where(Disclosure.disclosed_at >= since)
    if until is not None:
        query = query.where(Disclosure.disclosed_at < until)
    return db.scalars(query.order_by(Disclosure.disclosed_at.desc(), Disclosure.id)).all()


def was_noted(db: DbSession, subject_id: UUID, action: str, code: str) -> bool:
    """Whether the trail has such a line about the record."""
    query = select(AuditEvent.id).where(
        AuditEvent.subject_id == subject_id, AuditEvent.action == action, AuditEvent.code == code
    )
    return db.scalar(query.limit(1)) is not None

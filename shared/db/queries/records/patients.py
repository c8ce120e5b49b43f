"""Patients of a therapist."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, tuple_, update
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.core import Patient, TherapySession


def of_therapist(
    db: DbSession, therapist_id: UUID, patient_id: UUID, *, hold: bool = False
) -> Patient | None:
    """The therapist's patient; None also where deleted or another person's.

    ``hold`` keeps others from changing or deleting the patient until the transaction ends.
    """
    query = select(Patient).where(
        Patient.id == patient_id, Patient.therapist_id == therapist_id, Patient.deleted_at.is_(None)
    )
    return db.scalar(query.with_for_update(read=True) if hold else query)


def to_change(db: DbSession, therapist_id: UUID, patient_id: UUID) -> Patient | None:
    """As ``of_therapist``, held for this transaction alone: neither uploads nor edits get between."""
    return db.scalar(
        select(Patient)
        .where(Patient.id == patient_id, Patient.therapist_id == therapist_id, Patient.deleted_at.is_(None))
        .with_for_update()
    )


def keep(db: DbSession, patient_id: UUID) -> None:
    """Keep a hold from being placed on the patient, and others from changing them, until this ends."""
    db.execute(select(Patient.id).where(Patient.id == patient_id).with_for_update(read=True))


def to_put_on_hold(db: DbSession, patient_id: UUID) -> Patient | None:
    """Any therapist's patient, for this transaction alone: nothing of theirs is removed meanwhile."""
    there = Patient.id == patient_id, Patient.deleted_at.is_(None)
    return db.scalar(select(Patient).where(*there).with_for_update())


def page(
    db: DbSession, therapist_id: UUID, *, limit: int, before: tuple[datetime, UUID] | None = None
) -> Sequence[Patient]:
    """The therapist's patients, newest first, those after ``before`` only."""
    query = select(Patient).where(Patient.therapist_id == therapist_id, Patient.deleted_at.is_(None))
    if before is not None:
        query = query.where(tuple_(Patient.created_at, Patient.id) < before)
    return db.scalars(query.order_by(Patient.created_at.desc(), Patient.id.desc()).limit(limit)).all()


def has_sessions(db: DbSession, patient_id: UUID) -> bool:
    """Whether any session of the patient exists."""
    found = select(TherapySession.id).where(TherapySession.patient_id == patient_id).limit(1)
    return db.scalar(found) is not None


def mark_deleted(db: DbSession, patient_id: UUID) -> None:
    """Leave a tombstone; the name in it is unreadable once the patient's key is destroyed."""
    db.execute(update(Patient).where(Patient.id == patient_id).values(deleted_at=func.now()))

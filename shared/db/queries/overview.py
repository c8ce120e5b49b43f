"""What a therapist's first pages list: sessions by what is to be done with them, patients by the last one."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.core import Patient, TherapySession
from shared.db.tables.records import NotesVersion, Signature
from shared.domain.status import Status


class Seen(NamedTuple):
    """How often a patient was recorded, and when last."""

    sessions: int
    last: datetime


def of_status(
    db: DbSession, therapist_id: UUID, statuses: Collection[Status], limit: int
) -> Sequence[TherapySession]:
    """The therapist's sessions with one of the statuses, newest first."""
    query = select(TherapySession).where(
        TherapySession.therapist_id == therapist_id, TherapySession.status.in_(statuses)
    )
    return db.scalars(query.order_by(TherapySession.session_date.desc()).limit(limit)).all()


def unsigned(db: DbSession, therapist_id: UUID, limit: int) -> Sequence[TherapySession]:
    """The therapist's processed sessions whose notes nobody has signed, the oldest first."""
    notes = select(NotesVersion.version).where(NotesVersion.session_id == TherapySession.id)
    signed = select(Signature.version).where(Signature.session_id == TherapySession.id)
    query = select(TherapySession).where(
        TherapySession.therapist_id == therapist_id,
        TherapySession.status == Status.PROCESSED,
        notes.exists(),
        ~signed.exists(),
    )
    return db.scalars(query.order_by(TherapySession.session_date).limit(limit)).all()


def patients(db: DbSession, therapist_id: UUID, ids: Collection[UUID]) -> Sequence[Patient]:
    """These patients of the therapist."""
    query = select(Patient).where(Patient.therapist_id == therapist_id, Patient.id.in_(ids))
    return db.scalars(query.where(Patient.deleted_at.is_(None))).all()


def seen(db: DbSession, therapist_id: UUID) -> dict[UUID, Seen]:
    """When each patient of the therapist was recorded, by their ids."""
    rows = db.execute(
        select(TherapySession.patient_id, func.count(), func.max(TherapySession.session_date))
        .where(TherapySession.therapist_id == therapist_id)
        .group_by(TherapySession.patient_id)
    )
    return {patient_id: Seen(count, last) for patient_id, count, last in rows}

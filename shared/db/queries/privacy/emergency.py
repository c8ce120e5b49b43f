"""Emergency accesses, and the patients of a practice among whom one is looked for."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.core import Patient
from shared.db.tables.privacy.emergency import EmergencyAccess


def patient(db: DbSession, patient_id: UUID) -> Patient | None:
    """A patient of the practice, of any therapist."""
    return db.scalar(select(Patient).where(Patient.id == patient_id, Patient.deleted_at.is_(None)))


def patients_of_others(db: DbSession, therapist_id: UUID) -> Sequence[Patient]:
    """Every patient of the practice's other therapists."""
    return db.scalars(
        select(Patient).where(Patient.therapist_id != therapist_id, Patient.deleted_at.is_(None))
    ).all()


def concerning(db: DbSession, person_id: UUID) -> Sequence[EmergencyAccess]:
    """The person's own accesses, and those to their patients, newest first."""
    mine = or_(EmergencyAccess.owner_id == person_id, EmergencyAccess.therapist_id == person_id)
    return db.scalars(select(EmergencyAccess).where(mine).order_by(EmergencyAccess.started_at.desc())).all()


def lasting(db: DbSession, therapist_id: UUID, access_id: UUID) -> EmergencyAccess | None:
    """The person's own access, if it has not ended."""
    return db.scalar(
        select(EmergencyAccess).where(
            EmergencyAccess.id == access_id,
            EmergencyAccess.therapist_id == therapist_id,
            EmergencyAccess.ended_at.is_(None),
            EmergencyAccess.until_at > func.now(),
        )
    )

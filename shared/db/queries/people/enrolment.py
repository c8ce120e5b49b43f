"""Enrolment codes: found, voided, redeemed; and whether a person has begun to work."""

from uuid import UUID

from sqlalchemy import exists, func, or_, select, update
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.core import ApiKey, Patient
from shared.db.tables.enrolment import EnrolmentCode
from shared.db.tables.sign_in import Login


def practice_of(db: DbSession, prefix: str) -> UUID | None:
    """The practice that the code with this id part belongs to; for the operator."""
    return db.scalar(select(EnrolmentCode.practice_id).where(EnrolmentCode.prefix == prefix))


def redeemable(db: DbSession, prefix: str) -> EnrolmentCode | None:
    """The code with this id part, locked; None if unknown, voided, redeemed or expired."""
    return db.scalar(
        select(EnrolmentCode)
        .where(
            EnrolmentCode.prefix == prefix,
            EnrolmentCode.redeemed_at.is_(None),
            EnrolmentCode.expires_at > func.now(),
        )
        .with_for_update()
    )


def void(db: DbSession, therapist_id: UUID) -> None:
    """End the person's open codes: at most one is good at a time."""
    is_open = (EnrolmentCode.therapist_id == therapist_id, EnrolmentCode.redeemed_at.is_(None))
    ended = func.least(EnrolmentCode.expires_at, func.now())
    db.execute(update(EnrolmentCode).where(*is_open).values(expires_at=ended))


def has_begun(db: DbSession, therapist_id: UUID) -> bool:
    """Whether the person has used a key, signs in, or has patients: a code would open their records."""
    used = exists().where(ApiKey.therapist_id == therapist_id, ApiKey.last_used_at.is_not(None))
    patients = exists().where(Patient.therapist_id == therapist_id)
    login = exists().where(Login.therapist_id == therapist_id)
    return bool(db.scalar(select(or_(used, login, patients))))

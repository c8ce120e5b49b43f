"""What people show besides their passphrase: codes of an app, recovery codes."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.core import Practice
from shared.db.tables.sign_in import RecoveryCode, TotpFactor
from shared.vault.sealing import Sealed


def totp(db: DbSession, therapist_id: UUID) -> TotpFactor | None:
    """The person's authenticator app, confirmed or not."""
    return db.scalar(select(TotpFactor).where(TotpFactor.therapist_id == therapist_id))


def has_totp(db: DbSession, therapist_id: UUID) -> bool:
    """Whether the person has an authenticator app that was confirmed."""
    row = totp(db, therapist_id)
    return row is not None and row.confirmed_at is not None


def offer_totp(db: DbSession, practice_id: UUID, therapist_id: UUID, secret: Sealed) -> None:
    """Keep a secret that is not confirmed yet, in the place of one that never was."""
    remove_totp(db, therapist_id)
    db.add(TotpFactor(therapist_id=therapist_id, practice_id=practice_id, secret=secret))
    db.flush()


def use_totp(db: DbSession, therapist_id: UUID, step: int) -> bool:
    """Take the code of this time step; False if that code or a later one was taken before."""
    taken = (
        update(TotpFactor)
        .where(TotpFactor.therapist_id == therapist_id, TotpFactor.last_step < step)
        .values(last_step=step, confirmed_at=func.coalesce(TotpFactor.confirmed_at, func.now()))
    )
    return db.execute(taken.returning(TotpFactor.therapist_id)).first() is not None


def remove_totp(db: DbSession, therapist_id: UUID) -> bool:
    """Remove the person's authenticator app; False if there is none."""
    removed = delete(TotpFactor).where(TotpFactor.therapist_id == therapist_id)
    return db.execute(removed.returning(TotpFactor.therapist_id)).first() is not None


def replace_codes(db: DbSession, practice_id: UUID, therapist_id: UUID, digests: Sequence[bytes]) -> None:
    """Give the person other recovery codes."""
    db.execute(delete(RecoveryCode).where(RecoveryCode.therapist_id == therapist_id))
    whose = {"practice_id": practice_id, "therapist_id": therapist_id}
    db.add_all(RecoveryCode(digest=digest, **whose) for digest in digests)
    db.flush()


def use_code(db: DbSession, therapist_id: UUID, digest: bytes) -> bool:
    """Burn a recovery code; False if there is none like it."""
    burned = (
        update(RecoveryCode)
        .where(
            RecoveryCode.therapist_id == therapist_id,
            RecoveryCode.digest == digest,
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=func.now())
    )
    return db.execute(burned.returning(RecoveryCode.digest)).first() is not None


def codes_left(db: DbSession, therapist_id: UUID) -> int:
    """How many recovery codes the person has."""
    query = select(func.count()).where(
        RecoveryCode.therapist_id == therapist_id, RecoveryCode.used_at.is_(None)
    )
    return db.execute(query).scalar_one()


def idle_minutes(db: DbSession, practice_id: UUID) -> int:
    """After how long without an act the practice signs people out."""
    return db.execute(select(Practice.idle_minutes).where(Practice.id == practice_id)).scalar_one()


def set_idle_minutes(db: DbSession, practice_id: UUID, minutes: int) -> None:
    """Sign people out after so long without an act."""
    db.execute(update(Practice).where(Practice.id == practice_id).values(idle_minutes=minutes))

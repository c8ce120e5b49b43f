"""Passkeys, and the challenges that they sign."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.sign_in import Passkey, PasskeyChallenge


def of_person(db: DbSession, therapist_id: UUID) -> Sequence[Passkey]:
    """The person's passkeys, oldest first."""
    query = select(Passkey).where(Passkey.therapist_id == therapist_id)
    return db.scalars(query.order_by(Passkey.created_at, Passkey.id)).all()


def practice_of(db: DbSession, credential_id: bytes) -> UUID | None:
    """Whose practice's passkey this is, for an operator."""
    return db.scalar(select(Passkey.practice_id).where(Passkey.credential_id == credential_id))


def with_credential_id(db: DbSession, credential_id: bytes) -> Passkey | None:
    """The passkey, locked so that its counter moves once."""
    return db.scalar(select(Passkey).where(Passkey.credential_id == credential_id).with_for_update())


def add(db: DbSession, passkey: Passkey) -> None:
    """Keep a new passkey."""
    db.add(passkey)
    db.flush()


def note_use(db: DbSession, passkey_id: UUID, counter: int) -> None:
    """Keep the authenticator's counter and the time."""
    used = update(Passkey).where(Passkey.id == passkey_id)
    db.execute(used.values(sign_count=counter, last_used_at=func.now()))


def remove(db: DbSession, therapist_id: UUID, passkey_id: UUID) -> bool:
    """Remove a passkey of the person; False if there is none."""
    removed = delete(Passkey).where(Passkey.therapist_id == therapist_id, Passkey.id == passkey_id)
    return db.execute(removed.returning(Passkey.id)).first() is not None


def remove_all(db: DbSession, therapist_id: UUID) -> int:
    """Remove the person's passkeys; gives their number."""
    removed = delete(Passkey).where(Passkey.therapist_id == therapist_id)
    return len(db.execute(removed.returning(Passkey.id)).all())


def keep_challenge(db: DbSession, digest: bytes, lasts: timedelta) -> None:
    """Expect this challenge to be signed, once; forgets those that are over."""
    db.execute(delete(PasskeyChallenge).where(PasskeyChallenge.expires_at < func.now()))
    db.execute(insert(PasskeyChallenge).values(digest=digest, expires_at=func.now() + lasts))


def use_challenge(db: DbSession, digest: bytes) -> bool:
    """Take the challenge; False if it is unknown, was taken or is over."""
    used = delete(PasskeyChallenge).where(
        PasskeyChallenge.digest == digest, PasskeyChallenge.expires_at > func.now()
    )
    return db.execute(used.returning(PasskeyChallenge.digest)).first() is not None

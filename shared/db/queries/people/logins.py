"""How people sign in: logins, one-time codes, failed tries."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.core import Therapist
from shared.db.tables.sign_in import FailedTries, Invitation, Login


def whose(db: DbSession, name: str) -> tuple[UUID, UUID] | None:
    """The practice and the person with this login name, for an operator."""
    row = db.execute(select(Login.practice_id, Login.therapist_id).where(Login.name == name)).first()
    return None if row is None else (row[0], row[1])


def of_person(db: DbSession, practice_id: UUID, therapist_id: UUID) -> tuple[Login, Therapist] | None:
    """The login of an active person of the practice."""
    row = db.execute(
        select(Login, Therapist)
        .join(Therapist, Therapist.id == Login.therapist_id)
        .where(
            Login.practice_id == practice_id,
            Login.therapist_id == therapist_id,
            Therapist.disabled_at.is_(None),
        )
    ).first()
    return None if row is None else (row[0], row[1])


def names(db: DbSession, practice_id: UUID) -> dict[UUID, str]:
    """The login names of the practice's people."""
    query = select(Login.therapist_id, Login.name).where(Login.practice_id == practice_id)
    return {row[0]: row[1] for row in db.execute(query)}


def invited(db: DbSession, practice_id: UUID) -> dict[UUID, datetime]:
    """Until when open invitations of the practice's people are valid."""
    query = select(Invitation.therapist_id, Invitation.expires_at)
    found = db.execute(query.where(Invitation.practice_id == practice_id, *_OPEN))
    return {row[0]: row[1] for row in found}


def remove(db: DbSession, therapist_id: UUID) -> None:
    """Remove a person's login."""
    db.execute(delete(Login).where(Login.therapist_id == therapist_id))


def set_hash(db: DbSession, therapist_id: UUID, passphrase_hash: str, *, changed: bool) -> None:
    """Keep another hash; ``changed``: of another passphrase, not the same one hashed anew."""
    values = {"passphrase_hash": passphrase_hash} | ({"changed_at": func.now()} if changed else {})
    db.execute(update(Login).where(Login.therapist_id == therapist_id).values(**values))


def invitation(db: DbSession, digest: bytes) -> tuple[UUID, UUID] | None:
    """The practice and the id of an open invitation with this code, for an operator."""
    query = select(Invitation.practice_id, Invitation.id).where(Invitation.digest == digest, *_OPEN)
    row = db.execute(query).first()
    return None if row is None else (row[0], row[1])


_OPEN = (Invitation.used_at.is_(None), Invitation.expires_at > func.now())


def use_invitation(db: DbSession, invitation_id: UUID) -> tuple[UUID, UUID | None] | None:
    """Use up an open invitation; gives who is invited and who invited them, to one caller alone."""
    used = update(Invitation).where(Invitation.id == invitation_id, *_OPEN).values(used_at=func.now())
    row = db.execute(used.returning(Invitation.therapist_id, Invitation.created_by)).first()
    return None if row is None else (row[0], row[1])


def first_is_awaited(db: DbSession) -> bool:
    """Whether a code for a first administrator is open, for an operator."""
    return (
        db.execute(select(Invitation.id).where(Invitation.created_by.is_(None), *_OPEN).limit(1)).first()
        is not None
    )


def remove_open_invitations(db: DbSession, therapist_id: UUID) -> None:
    """End the unused invitations of a person."""
    db.execute(
        delete(Invitation).where(Invitation.therapist_id == therapist_id, Invitation.used_at.is_(None))
    )


def anybody_signs_in(db: DbSession, practice_id: UUID, role: str) -> bool:
    """Whether a person of the practice in this role has a login."""
    query = (
        select(Login.therapist_id)
        .join(Therapist, Therapist.id == Login.therapist_id)
        .where(Login.practice_id == practice_id, Therapist.role == role)
    )
    return db.execute(query.limit(1)).first() is not None


def tries(db: DbSession, subject: bytes) -> tuple[int, datetime | None]:
    """Count one more try and give how many that makes, and until when they are blocked; locks the row.

    While they are blocked nothing is counted. A day without a try forgets them.
    """
    db.execute(delete(FailedTries).where(FailedTries.last_at < func.now() - timedelta(days=1)))
    row = insert(FailedTries).values(subject=subject, count=0)
    db.execute(row.on_conflict_do_nothing())
    found = db.execute(
        select(FailedTries.count, FailedTries.blocked_until, func.now() < FailedTries.blocked_until)
        .where(FailedTries.subject == subject)
        .with_for_update()
    ).one()
    if found[2]:
        return found[0], found[1]
    counted = update(FailedTries).where(FailedTries.subject == subject)
    db.execute(counted.values(count=found[0] + 1, last_at=func.now()))
    return found[0] + 1, None


def block(db: DbSession, subject: bytes, seconds: float) -> None:
    """Refuse further tries for so long."""
    until = func.now() + timedelta(seconds=seconds)
    db.execute(update(FailedTries).where(FailedTries.subject == subject).values(blocked_until=until))


def forget_tries(db: DbSession, subject: bytes) -> None:
    """The account has been shown to be its owner's."""
    db.execute(delete(FailedTries).where(FailedTries.subject == subject))


def take_back_try(db: DbSession, subject: bytes) -> None:
    """One of the tries was right."""
    back = update(FailedTries).where(FailedTries.subject == subject, FailedTries.count > 0)
    db.execute(back.values(count=FailedTries.count - 1, blocked_until=None))

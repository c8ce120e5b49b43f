"""Practices, the people in them, and their API keys."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import false, func, or_, select, text, update
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.core import ApiKey, Practice, Therapist


def with_owner(db: DbSession, prefix: str) -> tuple[ApiKey, Therapist, bool] | None:
    """The key with this id part, whose it is, and whether it has expired; None if unknown."""
    expired = func.coalesce(ApiKey.expires_at <= func.now(), false())
    row = db.execute(
        select(ApiKey, Therapist, expired)
        .join(Therapist, Therapist.id == ApiKey.therapist_id)
        .where(ApiKey.prefix == prefix)
    ).first()
    return None if row is None else (row[0], row[1], row[2])


def has_ended(db: DbSession, key_id: UUID) -> bool:
    """Whether the key is revoked or expired, or its owner disabled."""
    ended = or_(
        ApiKey.revoked_at.is_not(None), ApiKey.expires_at <= func.now(), Therapist.disabled_at.is_not(None)
    )
    query = select(ApiKey.id).join(Therapist, Therapist.id == ApiKey.therapist_id)
    return db.scalar(query.where(ApiKey.id == key_id, ended)) is not None


def note_use(db: DbSession, key_id: UUID, *, at_most_every: timedelta) -> None:
    """Set the last-used time, unless it was set within ``at_most_every``."""
    stale = or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < func.now() - at_most_every)
    db.execute(update(ApiKey).where(ApiKey.id == key_id, stale).values(last_used_at=func.now()))


def renew_digest(db: DbSession, key_id: UUID, digest: bytes, pepper_version: int) -> None:
    """Keep the digest of a key that was just used with a newer version of the pepper."""
    older = ApiKey.id == key_id, ApiKey.pepper_version < pepper_version
    db.execute(update(ApiKey).where(*older).values(digest=digest, pepper_version=pepper_version))


def count_under_pepper_before(db: DbSession, version: int) -> int:
    """How many keys work with an earlier version of the pepper than this one; for the operator."""
    works = (
        ApiKey.revoked_at.is_(None),
        or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > func.now()),
        Therapist.disabled_at.is_(None),
    )
    query = select(func.count()).select_from(ApiKey).join(Therapist, Therapist.id == ApiKey.therapist_id)
    return db.scalar(query.where(ApiKey.pepper_version < version, *works)) or 0


def listed(db: DbSession, practice_id: UUID, therapist_id: UUID | None = None) -> Sequence[ApiKey]:
    """All keys of the practice, or of one person in it, newest first."""
    query = select(ApiKey).where(ApiKey.practice_id == practice_id)
    if therapist_id is not None:
        query = query.where(ApiKey.therapist_id == therapist_id)
    return db.scalars(query.order_by(ApiKey.created_at.desc(), ApiKey.id.desc())).all()


def get(db: DbSession, practice_id: UUID, key_id: UUID, therapist_id: UUID | None = None) -> ApiKey | None:
    """A key of the practice, or of one person in it."""
    query = select(ApiKey).where(ApiKey.practice_id == practice_id, ApiKey.id == key_id)
    return db.scalar(query if therapist_id is None else query.where(ApiKey.therapist_id == therapist_id))


def revoke(db: DbSession, practice_id: UUID, key_id: UUID, therapist_id: UUID | None = None) -> bool:
    """Revoke a key of the practice (or of one person in it); False if there is no such key."""
    theirs = [ApiKey.practice_id == practice_id, ApiKey.id == key_id]
    if therapist_id is not None:
        theirs.append(ApiKey.therapist_id == therapist_id)
    revoked = update(ApiKey).where(*theirs).values(revoked_at=func.coalesce(ApiKey.revoked_at, func.now()))
    return db.execute(revoked.returning(ApiKey.id)).first() is not None


def revoke_all_of(db: DbSession, therapist_id: UUID) -> None:
    """Revoke every key of the person."""
    live = ApiKey.therapist_id == therapist_id, ApiKey.revoked_at.is_(None)
    db.execute(update(ApiKey).where(*live).values(revoked_at=func.now()))


def to_rotate(db: DbSession, practice_id: UUID, key_id: UUID, therapist_id: UUID | None) -> ApiKey | None:
    """A key of the practice (or of one person in it), held so that two rotations queue up."""
    query = select(ApiKey).where(ApiKey.practice_id == practice_id, ApiKey.id == key_id)
    if therapist_id is not None:
        query = query.where(ApiKey.therapist_id == therapist_id)
    return db.scalar(query.with_for_update())


def end_in(db: DbSession, key_id: UUID, after: timedelta) -> None:
    """Have the key expire after this time, if it does not expire sooner."""
    end = func.now() + after
    sooner = func.least(func.coalesce(ApiKey.expires_at, end), end)
    db.execute(update(ApiKey).where(ApiKey.id == key_id).values(expires_at=sooner))


def therapist(db: DbSession, practice_id: UUID, therapist_id: UUID) -> Therapist | None:
    """A person of the practice."""
    return db.scalar(
        select(Therapist).where(Therapist.id == therapist_id, Therapist.practice_id == practice_id)
    )


def practice_of(db: DbSession, therapist_id: UUID) -> UUID | None:
    """The practice of a person; for the operator."""
    return db.scalar(select(Therapist.practice_id).where(Therapist.id == therapist_id))


def practice_named(db: DbSession, name: str) -> Practice | None:
    """The practice of this name, of which callers must hold ``lock_names``."""
    return db.scalar(select(Practice).where(Practice.name == name).order_by(Practice.created_at).limit(1))


def people_of(db: DbSession, practice_id: UUID, role: str | None = None) -> Sequence[Therapist]:
    """The people of the practice (in this role), first come first."""
    query = select(Therapist).where(Therapist.practice_id == practice_id)
    if role is not None:
        query = query.where(Therapist.role == role)
    return db.scalars(query.order_by(Therapist.created_at, Therapist.id)).all()


def has_other_administrator(db: DbSession, practice_id: UUID, therapist_id: UUID) -> bool:
    """Whether the practice has an active administrator beside this person.

    Locks the practice's row: of two who are looked at at once, the second sees what became of the first.
    """
    db.execute(select(Practice.id).where(Practice.id == practice_id).with_for_update(key_share=True))
    others = select(Therapist.id).where(
        Therapist.practice_id == practice_id,
        Therapist.id != therapist_id,
        Therapist.role == "administrator",
        Therapist.disabled_at.is_(None),
    )
    return db.scalar(others.limit(1)) is not None


def lock_names(db: DbSession) -> None:
    """Let only one transaction at a time look for a name and add it."""
    db.execute(text("SELECT pg_advisory_xact_lock(hashtext('sessionscribe:practice-names'))"))

"""Idempotency keys: taken by one request at a time, kept with what came of it."""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, or_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.requests import IdempotencyKey


@dataclass(slots=True)
class Ticket:
    """The right to act for a key, while ``token`` stands in its row.

    ``asked`` is a digest of the request, set before the creation; ``status`` is what the
    creation promised to answer, set by it.
    """

    practice_id: UUID
    therapist_id: UUID
    route: str
    key_digest: bytes
    token: UUID
    asked: str = field(default="", repr=False)
    status: int | None = None


def take(db: DbSession, ticket: Ticket, *, lease_seconds: float, kept_seconds: float) -> bool:
    """Take the key, if it is free: new, or its request died, or what it kept has expired."""
    fresh = {
        "token": ticket.token,
        "lease_until": func.now() + timedelta(seconds=lease_seconds),
        "fingerprint": None,
        "resource_id": None,
        "status": None,
        "begun_at": func.now(),
        "answered_at": None,
        "expires_at": func.now() + timedelta(seconds=kept_seconds),
    }
    row = IdempotencyKey
    free = or_(and_(row.status.is_(None), row.lease_until < func.now()), row.expires_at < func.now())
    taken = (
        insert(row)
        .values(
            therapist_id=ticket.therapist_id,
            route=ticket.route,
            key_digest=ticket.key_digest,
            practice_id=ticket.practice_id,
            **fresh,
        )
        .on_conflict_do_update(index_elements=list(row.__table__.primary_key), set_=fresh, where=free)
        .returning(row.token)
    )
    return db.execute(taken).first() is not None


def get(db: DbSession, ticket: Ticket) -> IdempotencyKey | None:
    """The key's row, also while another request has it."""
    return db.get(IdempotencyKey, (ticket.therapist_id, ticket.route, ticket.key_digest))


def extend(db: DbSession, ticket: Ticket, *, lease_seconds: float) -> None:
    """Keep the key from being taken for dead."""
    until = func.now() + timedelta(seconds=lease_seconds)
    db.execute(update(IdempotencyKey).where(_running(ticket)).values(lease_until=until))


def complete(
    db: DbSession,
    ticket: Ticket,
    *,
    fingerprint: bytes,
    resource_id: UUID,
    status: int,
    kept_seconds: float,
) -> bool:
    """Keep what came of the request; False if another request has taken the key (fenced)."""
    done = db.execute(
        update(IdempotencyKey)
        .where(_running(ticket))
        .values(
            fingerprint=fingerprint,
            resource_id=resource_id,
            status=status,
            answered_at=func.now(),
            expires_at=func.now() + timedelta(seconds=kept_seconds),
        )
        .returning(IdempotencyKey.token)
    )
    return done.first() is not None


def set_status(db: DbSession, ticket: Ticket, status: int) -> None:
    """Keep the status that was answered in the end, and when."""
    answered = update(IdempotencyKey).where(_of(ticket), IdempotencyKey.token == ticket.token)
    db.execute(answered.values(status=status, answered_at=func.now()))


def release(db: DbSession, ticket: Ticket) -> None:
    """Forget the key, if nothing came of the request."""
    db.execute(delete(IdempotencyKey).where(_running(ticket)))


def sweep(db: DbSession) -> int:
    """Remove what has expired; gives the number of keys."""
    gone = delete(IdempotencyKey).where(IdempotencyKey.expires_at < func.now())
    # Nothing of them is loaded, and the operator may not read more than when they expire.
    unsynchronised = gone.execution_options(synchronize_session=False)
    return len(db.execute(unsynchronised.returning(IdempotencyKey.expires_at)).all())


def _of(ticket: Ticket) -> ColumnElement[bool]:
    row = IdempotencyKey
    return and_(
        row.therapist_id == ticket.therapist_id,
        row.route == ticket.route,
        row.key_digest == ticket.key_digest,
    )


def _running(ticket: Ticket) -> ColumnElement[bool]:
    return and_(_of(ticket), IdempotencyKey.token == ticket.token, IdempotencyKey.status.is_(None))

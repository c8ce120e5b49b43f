"""Browsers in which people are signed in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, true, update
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.core import AuditEvent, Practice, Therapist
from shared.db.tables.sign_in import BrowserSession


@dataclass(frozen=True, slots=True)
class Found:
    """A browser session that is in use, and whose it is."""

    id: UUID
    practice_id: UUID
    therapist_id: UUID
    role: str
    person_name: str
    complete: bool
    is_fresh: bool
    idle_minutes: int
    theme: str
    playback_speed: float


def usable(
    db: DbSession, digest: bytes, *, absolute: timedelta, fresh: timedelta, also_idle: bool
) -> Found | None:
    """The session with this digest, for an operator.

    None if it is unknown, ended, old or (unless ``also_idle``) idle, or if its person is disabled.
    """
    row = db.execute(
        select(
            BrowserSession.id,
            BrowserSession.practice_id,
            BrowserSession.therapist_id,
            Therapist.role,
            Therapist.name,
            BrowserSession.complete,
            BrowserSession.confirmed_at > func.now() - fresh,
            Practice.idle_minutes,
            Therapist.theme,
            Therapist.playback_speed,
        )
        .join(Therapist, Therapist.id == BrowserSession.therapist_id)
        .join(Practice, Practice.id == BrowserSession.practice_id)
        .where(BrowserSession.digest == digest, Therapist.disabled_at.is_(None), *_not_over(absolute))
        .where(true() if also_idle else _not_idle())
    ).first()
    return None if row is None else Found(*tuple(row))


def _not_over(absolute: timedelta) -> tuple[ColumnElement[bool], ...]:
    return BrowserSession.ended_at.is_(None), BrowserSession.created_at > func.now() - absolute


def _not_idle() -> ColumnElement[bool]:
    return BrowserSession.seen_at > func.now() - func.make_interval(0, 0, 0, 0, 0, Practice.idle_minutes)


def is_good(db: DbSession, session_id: UUID, *, absolute: timedelta) -> bool:
    """Whether the session is in use and its person not disabled, for an operator."""
    query = (
        select(BrowserSession.id)
        .join(Therapist, Therapist.id == BrowserSession.therapist_id)
        .join(Practice, Practice.id == BrowserSession.practice_id)
    )
    good = (
        BrowserSession.id == session_id,
        Therapist.disabled_at.is_(None),
        *_not_over(absolute),
        _not_idle(),
    )
    return db.scalar(query.where(*good)) is not None


def note_act(db: DbSession, session_id: UUID, *, at_most_every: timedelta) -> None:
    """Set the time of the last act, unless it was set within ``at_most_every``."""
    stale = BrowserSession.seen_at < func.now() - at_most_every
    db.execute(
        update(BrowserSession).where(BrowserSession.id == session_id, stale).values(seen_at=func.now())
    )


def renew(db: DbSession, session_id: UUID, digest: bytes, *, completes: bool) -> None:
    """Have another cookie from now on: the person has shown that it is them.

    ``completes``: with it they have shown all that they need to sign in.
    """
    complete = true() if completes else BrowserSession.complete
    values = {"digest": digest, "complete": complete, "confirmed_at": func.now(), "seen_at": func.now()}
    db.execute(update(BrowserSession).where(BrowserSession.id == session_id).values(**values))


def listed(
    db: DbSession, practice_id: UUID, therapist_id: UUID, *, absolute: timedelta
) -> Sequence[BrowserSession]:
    """The sessions of a person that are in use, newest first."""
    query = (
        select(BrowserSession)
        .join(Practice, Practice.id == BrowserSession.practice_id)
        .where(
            BrowserSession.practice_id == practice_id,
            BrowserSession.therapist_id == therapist_id,
            *_not_over(absolute),
            _not_idle(),
        )
    )
    return db.scalars(query.order_by(BrowserSession.created_at.desc(), BrowserSession.id)).all()


def end(db: DbSession, practice_id: UUID, therapist_id: UUID, session_id: UUID) -> bool:
    """End a session of the person; False if there is none."""
    own = (
        BrowserSession.practice_id == practice_id,
        BrowserSession.therapist_id == therapist_id,
        BrowserSession.id == session_id,
    )
    values = {"ended_at": func.coalesce(BrowserSession.ended_at, func.now()), "id_token": None}
    ended = update(BrowserSession).where(*own).values(**values)
    return db.execute(ended.returning(BrowserSession.id)).first() is not None


def end_all(db: DbSession, practice_id: UUID, therapist_id: UUID, but: UUID | None = None) -> int:
    """End the sessions of the person, except one; gives their number."""
    others = [
        BrowserSession.practice_id == practice_id,
        BrowserSession.therapist_id == therapist_id,
        BrowserSession.ended_at.is_(None),
    ]
    if but is not None:
        others.append(BrowserSession.id != but)
    ended = update(BrowserSession).where(*others).values(ended_at=func.now(), id_token=None)
    return len(db.execute(ended.returning(BrowserSession.id)).all())


def remove_old(db: DbSession, practice_id: UUID, therapist_id: UUID, *, after: timedelta) -> None:
    """Remove what is known of the person's sessions that began so long ago."""
    old = BrowserSession.created_at < func.now() - after
    own = (BrowserSession.practice_id == practice_id, BrowserSession.therapist_id == therapist_id)
    db.execute(delete(BrowserSession).where(*own, old))


def events(
    db: DbSession, practice_id: UUID, therapist_id: UUID, actions: Sequence[str], most: int
) -> Sequence[AuditEvent]:
    """What the audit trail says of how a person signed in, newest first."""
    query = select(AuditEvent).where(
        AuditEvent.practice_id == practice_id,
        AuditEvent.subject_id == therapist_id,
        AuditEvent.action.in_(actions),
    )
    return db.scalars(query.order_by(AuditEvent.id.desc()).limit(most)).all()

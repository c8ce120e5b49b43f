"""People whom an OpenID provider knows, and practices that ask for nothing else."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.core import Practice
from shared.db.tables.sign_in import BrowserSession, ProviderIdentity, ProviderLogout
from shared.domain.provider_roles import RoleClaims
from shared.vault.sealing import Sealed


def whose(db: DbSession, issuer: str, subject: str) -> tuple[UUID, UUID] | None:
    """The practice and the person whom the provider calls so, for an operator."""
    query = select(ProviderIdentity.practice_id, ProviderIdentity.therapist_id)
    known = query.where(ProviderIdentity.issuer == issuer, ProviderIdentity.subject == subject)
    row = db.execute(known).first()
    return None if row is None else (row[0], row[1])


def link(db: DbSession, practice_id: UUID, therapist_id: UUID, issuer: str, subject: str) -> None:
    """Know the person by this subject, in the place of an older one."""
    db.execute(delete(ProviderIdentity).where(ProviderIdentity.therapist_id == therapist_id))
    whose = {"practice_id": practice_id, "therapist_id": therapist_id}
    db.add(ProviderIdentity(issuer=issuer, subject=subject, **whose))
    db.flush()


def is_required(db: DbSession, practice_id: UUID) -> bool:
    """Whether the practice's people sign in with the provider alone."""
    return bool(db.execute(select(Practice.provider_only).where(Practice.id == practice_id)).scalar())


def require(db: DbSession, practice_id: UUID, *, required: bool) -> None:
    """Have the practice's people sign in with the provider alone, or not."""
    db.execute(update(Practice).where(Practice.id == practice_id).values(provider_only=required))


def role_claims(db: DbSession, practice_id: UUID) -> RoleClaims | None:
    """What gives the practice's people their roles; None where the provider does not."""
    columns = Practice.provider_claim, Practice.provider_therapists, Practice.provider_administrators
    found = db.execute(select(*columns).where(Practice.id == practice_id)).first()
    if found is None or found[0] is None or found[1] is None:
        return None
    return RoleClaims(found[0], found[1], found[2])


def set_role_claims(db: DbSession, practice_id: UUID, wanted: RoleClaims | None) -> None:
    """Have a claim give the practice's people their roles, or none."""
    values = {
        "provider_claim": wanted.claim if wanted else None,
        "provider_therapists": wanted.therapists if wanted else None,
        "provider_administrators": wanted.administrators if wanted else None,
    }
    db.execute(update(Practice).where(Practice.id == practice_id).values(**values))


def note_session(db: DbSession, session_id: UUID, sid: bytes | None, token: Sealed | None) -> None:
    """Keep what the provider calls its own session, as a digest, and its ID token, with a browser session."""
    begun = update(BrowserSession).where(BrowserSession.id == session_id)
    db.execute(begun.values(provider_session=sid, id_token=token))


def begun(db: DbSession, session_id: UUID) -> tuple[bool, Sealed | None]:
    """Whether the browser session began at the provider, and the ID token that is kept of it."""
    query = select(BrowserSession.by_provider, BrowserSession.id_token).where(BrowserSession.id == session_id)
    row = db.execute(query).first()
    return (False, None) if row is None else (row[0], row[1])


def people_in(db: DbSession, sid: bytes) -> list[tuple[UUID, UUID]]:
    """Practice and person of those who signed in within this session of the provider, for an operator."""
    query = select(BrowserSession.practice_id, BrowserSession.therapist_id).distinct()
    return [(row[0], row[1]) for row in db.execute(query.where(BrowserSession.provider_session == sid))]


def end_session(db: DbSession, practice_id: UUID, therapist_id: UUID, sid: bytes) -> int:
    """End the person's browser sessions that began within this session of the provider; gives their number.

    Also ends sessions of the provider that came without a ``sid``, because they may belong to this one.
    """
    of_session = or_(
        BrowserSession.provider_session == sid,
        and_(BrowserSession.by_provider, BrowserSession.provider_session.is_(None)),
    )
    ended = update(BrowserSession).where(
        BrowserSession.practice_id == practice_id,
        BrowserSession.therapist_id == therapist_id,
        BrowserSession.ended_at.is_(None),
        of_session,
    )
    values = {"ended_at": func.now(), "id_token": None}
    return len(db.execute(ended.values(**values).returning(BrowserSession.id)).all())


def is_logout_known(db: DbSession, digest: bytes) -> bool:
    """Whether the logout token with this digest was obeyed before, for an operator."""
    return db.scalar(select(ProviderLogout.digest).where(ProviderLogout.digest == digest)) is not None


def note_logout(db: DbSession, digest: bytes, lasts: timedelta) -> None:
    """Obey the token with this digest no second time; forgets those that are too old anyway."""
    db.execute(delete(ProviderLogout).where(ProviderLogout.expires_at < func.now()))
    noted = insert(ProviderLogout).values(digest=digest, expires_at=func.now() + lasts)
    db.execute(noted.on_conflict_do_nothing())

"""People whom an OpenID provider knows, and practices that ask for nothing else."""

from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.core import Practice
from shared.db.tables.sign_in import BrowserSession, ProviderIdentity
from shared.domain.provider_roles import RoleClaims


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


def began(db: DbSession, session_id: UUID) -> bool:
    """Whether the browser session began at the provider."""
    return bool(
        db.execute(select(BrowserSession.by_provider).where(BrowserSession.id == session_id)).scalar()
    )

"""Versions of a session's notes: added, never changed."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session as DbSession

from shared.db.tables import NotesVersion
from shared.vault.sealing import Sealed


def kind(version: int) -> str:
    """What a version's body is sealed as: one put in the place of another does not open."""
    return f"notes:{version}"


def next_version(db: DbSession, session_id: UUID) -> int:
    """The number of the version that would come next, from 1; the primary key settles races."""
    newest = select(func.max(NotesVersion.version)).where(NotesVersion.session_id == session_id)
    return (db.scalar(newest) or 0) + 1


def add(
    db: DbSession,
    practice_id: UUID,
    session_id: UUID,
    *,
    version: int,
    body: Sealed,
    engine: str,
    template: str,
) -> None:
    """Store a version; a second one of the same number violates the primary key."""
    db.add(
        NotesVersion(
            session_id=session_id,
            practice_id=practice_id,
            version=version,
            body=body,
            engine=engine,
            template=template,
        )
    )


def get(db: DbSession, session_id: UUID, version: int | None = None) -> NotesVersion | None:
    """This version of the session's notes, or the newest; None if there is none."""
    query = select(NotesVersion).where(NotesVersion.session_id == session_id)
    if version is not None:
        query = query.where(NotesVersion.version == version)
    return db.scalar(query.order_by(NotesVersion.version.desc()).limit(1))

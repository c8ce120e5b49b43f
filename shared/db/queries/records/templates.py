"""A practice's own templates of notes, and the one it uses where none is named."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.core import Practice
from shared.db.tables.records import NoteTemplate
from shared.vault.sealing import Sealed


def listed(db: DbSession) -> Sequence[NoteTemplate]:
    """The templates that are not deleted, by name."""
    query = select(NoteTemplate).where(NoteTemplate.deleted_at.is_(None))
    return db.scalars(query.order_by(NoteTemplate.name)).all()


def get(db: DbSession, template_id: UUID) -> NoteTemplate | None:
    """The template of this id, unless it is deleted."""
    return db.scalar(
        select(NoteTemplate).where(NoteTemplate.id == template_id, NoteTemplate.deleted_at.is_(None))
    )


def named(db: DbSession, name: str, *, deleted_too: bool = False) -> NoteTemplate | None:
    """The template of this name; with ``deleted_too`` else the one deleted last."""
    query = select(NoteTemplate).where(NoteTemplate.name == name)
    if not deleted_too:
        query = query.where(NoteTemplate.deleted_at.is_(None))
    return db.scalar(query.order_by(NoteTemplate.deleted_at.desc().nulls_first()).limit(1))


def add(
    db: DbSession, practice_id: UUID, template_id: UUID, name: str, body: Sealed, who: UUID
) -> NoteTemplate:
    """A new template."""
    row = NoteTemplate(id=template_id, practice_id=practice_id, name=name, body=body, created_by=who)
    db.add(row)
    db.flush()
    db.refresh(row)
    return row


def change(db: DbSession, row: NoteTemplate, name: str, body: Sealed) -> None:
    """Another name and body."""
    row.name, row.body = name, body
    row.updated_at = db.execute(select(func.now())).scalar_one()
    db.flush()


def mark_deleted(db: DbSession, row: NoteTemplate) -> None:
    """Offer the template no more; sessions that name it still find it."""
    row.deleted_at = db.execute(select(func.now())).scalar_one()
    db.flush()


def lock_names(db: DbSession, practice_id: UUID) -> None:
    """Keep others of the practice from taking a name until this transaction ends."""
    db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"templates:{practice_id}", 0))))


def usual(db: DbSession, practice_id: UUID) -> str:
    """The name of the template that is used where none is named."""
    return db.scalar(select(Practice.template).where(Practice.id == practice_id)) or "default"


def set_usual(db: DbSession, practice_id: UUID, name: str) -> None:
    """Use this template where none is named."""
    db.execute(update(Practice).where(Practice.id == practice_id).values(template=name))

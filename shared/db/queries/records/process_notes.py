"""Psychotherapy notes, one text a session, apart from everything else."""

from uuid import UUID

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.records import ProcessNotes
from shared.vault.sealing import Sealed


def get(db: DbSession, session_id: UUID) -> ProcessNotes | None:
    """The process notes of a session."""
    return db.get(ProcessNotes, session_id)


def put(db: DbSession, practice_id: UUID, session_id: UUID, therapist_id: UUID, body: Sealed) -> ProcessNotes:
    """Write them; the revision counts on."""
    statement = insert(ProcessNotes).values(
        session_id=session_id, practice_id=practice_id, therapist_id=therapist_id, revision=1, body=body
    )
    changed = {"body": body, "revision": ProcessNotes.revision + 1, "updated_at": func.now()}
    statement = statement.on_conflict_do_update(index_elements=[ProcessNotes.session_id], set_=changed)
    found = db.scalars(statement.returning(ProcessNotes), execution_options={"populate_existing": True})
    return found.one()


def remove(db: DbSession, session_id: UUID) -> bool:
    """Remove them; False if there are none."""
    gone = delete(ProcessNotes).where(ProcessNotes.session_id == session_id)
    return db.scalar(gone.returning(ProcessNotes.session_id)) is not None

"""The rows of a session's notes, for callers who may read them, and what is sealed in them.

The session's therapist reads all; their supervisor reads, once the therapist has signed, what was
signed and what was added to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.queries.people import api_keys
from shared.db.queries.records import notes as rows
from shared.db.queries.records import sessions as session_rows
from shared.db.queries.records.notes import Signed
from shared.db.tables.core import TherapySession
from shared.db.tables.records import NotesVersion
from shared.domain.errors import NotFound
from shared.domain.notes.record import STANDING_ALONE, Decision
from shared.domain.notes.stored import upgraded
from shared.domain.notes.values import Notes
from shared.domain.values import JsonObject, Transcript
from shared.services.access import ownership
from shared.services.access.caller import Caller
from shared.services.resources import Resources
from shared.services.transcripts import reading as transcripts
from shared.services.transcripts.reading import Stored
from shared.vault.keystore import KeyDestroyed
from shared.vault.sealing import Subject


@dataclass(frozen=True, slots=True, repr=False)
class Found:
    """The rows of a session's notes, read together."""

    session: TherapySession
    row: NotesVersion
    addenda: Sequence[NotesVersion]
    signatures: list[Signed]
    decisions: dict[int, Decision]
    offered: NotesVersion | None
    words: Stored


def find(db: DbSession, caller: Caller, session_id: UUID, version: int | None = None) -> Found:
    """The rows of the notes, if the caller may read them; raises NotFound."""
    session = readable(db, caller, session_id)
    row = rows.get(db, session_id, version)
    signatures = rows.signatures(db, session_id)
    if row is None or not is_shown(caller, session, row.version, signatures):
        raise no_notes()
    addenda = rows.addenda(db, session_id) if row.kind in STANDING_ALONE else ()
    decided = rows.decisions(db, session_id)
    return Found(
        session,
        row,
        addenda,
        signatures,
        decided,
        rows.offered(db, session_id),
        transcripts.sealed(db, session_id),
    )


def readable(db: DbSession, caller: Caller, session_id: UUID) -> TherapySession:
    """The session, if its notes are the caller's to read; raises NotFound.

    They are its therapist's, and once signed also their supervisor's.
    """
    session = session_rows.get(db, session_id)
    if session is not None and session.therapist_id != caller.therapist_id:
        therapist = api_keys.therapist(db, caller.practice_id, session.therapist_id)
        supervised = therapist is not None and therapist.supervisor_id == caller.therapist_id
        if not supervised or rows.signed_version(db, session_id) is None:
            session = None
    if session is None:
        raise ownership.no_such_session()
    return session


def is_shown(caller: Caller, session: TherapySession, version: int, signatures: Sequence[Signed]) -> bool:
    """A supervisor sees what bears a signature; the drafts before it are the therapist's own."""
    return session.therapist_id == caller.therapist_id or any(s.version == version for s in signatures)


def no_notes() -> NotFound:
    """The answer for notes that do not exist."""
    return NotFound("The session has no such notes; look at its status and its versions.", "no_notes")


def document_of(resources: Resources, row: NotesVersion) -> JsonObject:
    """A version's document as it was stored; raises NotFound if its session was deleted meanwhile."""
    session = Subject(row.practice_id, row.session_id)
    document: JsonObject = ownership.opened(resources, session, rows.kind(row.version), row.body)
    return document


def current_form(resources: Resources, row: NotesVersion) -> Notes:
    """A version's notes with every field that this release knows; not what its hash is made of."""
    return Notes.of(upgraded(document_of(resources, row)))


def transcript_of(resources: Resources, found: Found) -> Transcript:
    """The transcript that notes are checked against; raises NotFound."""
    session = Subject(found.session.practice_id, found.session.id)
    try:
        return transcripts.heard(resources.vault, session, found.words)
    except KeyDestroyed:
        ownership.require_there(resources, session)
        raise

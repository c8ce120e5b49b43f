"""Psychotherapy notes (45 CFR 164.501): the therapist's own, apart from the record of the session.

They are in no version of the notes, no export of them, no webhook and no FHIR document; neither a
supervisor nor an administrator reads them. Keys carry their scopes only where asked for.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from shared.db.queries.privacy import consents
from shared.db.queries.records import process_notes as rows
from shared.db.tables.records import ProcessNotes
from shared.domain.errors import NotFound, Outdated, UnknownBase
from shared.services.access import legal_hold, ownership
from shared.services.access.caller import Caller
from shared.services.notes.reading import ANY
from shared.services.resources import Resources
from shared.vault.sealing import Subject

KIND = "process_notes"


@dataclass(frozen=True, slots=True, repr=False)
class Process:
    """The process notes of one session; ``revision`` counts their changes from 1."""

    session_id: UUID
    revision: int
    text: str
    created_at: datetime
    updated_at: datetime
    session_date: datetime
    is_part2: bool = False


def read(resources: Resources, caller: Caller, session_id: UUID, code: str | None = None) -> Process:
    """The process notes of the caller's session; raises NotFound. ``code``: how they are exported."""
    with resources.database.transaction(caller.practice_id) as db:
        session = ownership.own(db, caller, session_id)
        row = rows.get(db, session_id)
        is_part2 = consents.is_part2(db, session.patient_id, session_id)
        ownership.audit(
            db, caller, "process_notes.export" if code else "process_notes.read", session_id, code
        )
    if row is None:
        raise NotFound("There are no process notes of this session.", "no_process_notes")
    return replace(_opened(resources, row, session.session_date), is_part2=is_part2)


def write(resources: Resources, caller: Caller, session_id: UUID, text: str, tag: str | None) -> Process:
    """Write the process notes, the first ones or in the place of those that ``tag`` names.

    They are no record: what they were before is not kept. Raises NotFound, UnknownBase where there
    are some and no tag is sent, Outdated, and Conflict where those that are there are on hold.
    """
    subject = Subject(caller.practice_id, session_id)
    with resources.database.transaction(caller.practice_id) as db:
        session = legal_hold.own_with_patient(db, caller, session_id)
        before = rows.get(db, session_id)
        if before is not None:  # they would be overwritten, and are kept nowhere else
            legal_hold.require_none(db, session.patient_id, session_id)
        _require_seen(before, tag)
        sealed = resources.vault.seal(subject, KIND, {"text": text})
        row = rows.put(db, caller.practice_id, session_id, caller.therapist_id, sealed)
        ownership.audit(db, caller, "process_notes.write", session_id)
    return _opened(resources, row, session.session_date)


def delete(resources: Resources, caller: Caller, session_id: UUID) -> None:
    """Remove the process notes; raises NotFound, and Conflict where they are on hold."""
    with resources.database.transaction(caller.practice_id) as db:
        legal_hold.own_to_remove_from(db, caller, session_id)
        if not rows.remove(db, session_id):
            raise NotFound("There are no process notes of this session.", "no_process_notes")
        ownership.audit(db, caller, "process_notes.delete", session_id)


def _require_seen(before: ProcessNotes | None, tag: str | None) -> None:
    if before is not None and tag is None:
        raise UnknownBase("Send the ETag of the process notes that you changed as If-Match.")
    if tag is not None and tag != ANY and (before is None or tag != str(before.revision)):
        raise Outdated("The process notes have changed since you read them. Read them again.")


def _opened(resources: Resources, row: ProcessNotes, session_date: datetime) -> Process:
    text = ownership.opened(resources, Subject(row.practice_id, row.session_id), KIND, row.body)["text"]
    return Process(row.session_id, row.revision, text, row.created_at, row.updated_at, session_date)

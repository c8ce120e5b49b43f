"""Signing: a version is frozen with the hash of its content; what comes later is added to it.

Postgres refuses to change what is signed, and to add another version beside it. A therapist who has
a supervisor signs as well, but the notes stand only with the supervisor's co-signature.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.queries.people import api_keys
from shared.db.queries.records import notes as rows
from shared.db.queries.work import outbox
from shared.db.tables.records import Signature
from shared.domain.errors import Conflict, NotAllowed
from shared.domain.notes.canonical_json import content_hash
from shared.domain.notes.record import Kind, Part
from shared.domain.values import JsonObject
from shared.domain.webhooks import EventType
from shared.services import idempotency
from shared.services.access import ownership
from shared.services.access.caller import Caller
from shared.services.alerts import risk_alerts
from shared.services.notes import reading as notes
from shared.services.notes.editing import outdated, require_unchanged
from shared.services.notes.reading import Notes
from shared.services.notes.rows import document_of, find, readable
from shared.services.resources import Resources
from shared.services.uploads import joining
from shared.vault.sealing import Subject

CLINICIAN = "clinician"  # what stands for the engine of an addendum
LONGEST_LIST = 1000


@dataclass(frozen=True, slots=True)
class Awaiting:
    """A session whose signed notes lack the caller's co-signature."""

    session_id: UUID
    therapist_id: UUID
    therapist: str
    session_date: datetime


def as_signed(resources: Resources, caller: Caller, session_id: UUID) -> Notes:
    """The caller's current notes exactly as a signature would freeze them; raises NotFound."""
    with resources.database.transaction(caller.practice_id) as db:
        ownership.own(db, caller, session_id)
        found = find(db, caller, session_id)
        ownership.audit(db, caller, "notes.read", session_id)
    return replace(notes.opened(resources, found), document=document_of(resources, found.row))


def sign(
    resources: Resources, caller: Caller, session_id: UUID, tag: str | None = None, version: int | None = None
) -> Notes:
    """Freeze the current version, if it still is the one that ``tag`` or ``version`` names.

    Raises NotFound, Outdated, Unanswered (a risk alert is open) or Conflict where it is signed already.
    """
    with resources.database.transaction(caller.practice_id) as db:
        ownership.own(db, caller, session_id)
        before = find(db, caller, session_id)
    seen = notes.opened(resources, before)
    other = version is not None and version != before.row.version
    if not seen.head.signatures and (other or (tag is not None and not notes.is_base(tag, seen))):
        raise outdated()
    digest = content_hash(session_id, before.row.version, document_of(resources, before.row))
    with resources.database.transaction(caller.practice_id) as db:
        row = ownership.own(db, caller, session_id, hold=True)
        joining.require_noted(db, row, before.row.created_at)
        require_unchanged(db, caller, before)
        risk_alerts.require_acknowledged(db, session_id)
        _add(
            db,
            caller,
            session_id,
            before.row.version,
            Part.AUTHOR,
            digest,
            needs_cosigner=_supervised(db, caller),
        )
        ownership.audit(db, caller, "notes.sign", session_id, f"v{before.row.version}")
        _tell(db, caller, EventType.NOTES_SIGNED, session_id, before.row.version)
        after = find(db, caller, session_id)
    return notes.opened(resources, after)


def cosign(resources: Resources, caller: Caller, session_id: UUID) -> Notes:
    """Co-sign the session's notes and addenda that wait for it, as the therapist's supervisor.

    Raises NotFound, NotAllowed (one's own notes), Unanswered (a risk alert is open) or Conflict
    (nothing waits).
    """
    with resources.database.transaction(caller.practice_id) as db:
        if readable(db, caller, session_id).therapist_id == caller.therapist_id:
            raise NotAllowed("You cannot co-sign your own notes. Ask your supervisor.", "own_notes")
        waiting = rows.unmet(db, session_id)
        found = {signed.version: find(db, caller, session_id, signed.version).row for signed in waiting}
    if not waiting:
        raise Conflict("No signed notes of this session await a co-signature.", "nothing_to_cosign")
    hashes = {
        version: content_hash(session_id, version, document_of(resources, row))
        for version, row in found.items()
    }
    with resources.database.transaction(caller.practice_id) as db:
        readable(db, caller, session_id)
        ownership.hold(db, session_id)
        risk_alerts.require_acknowledged(db, session_id)
        for version, digest in hashes.items():
            _add(db, caller, session_id, version, Part.COSIGNER, digest)
            ownership.audit(db, caller, "notes.cosign", session_id, f"v{version}")
            _tell(db, caller, EventType.NOTES_COSIGNED, session_id, version)
        after = find(db, caller, session_id)
    return notes.opened(resources, after)


def add_addendum(resources: Resources, caller: Caller, session_id: UUID, text: str) -> Notes:
    """Add ``text`` to signed notes, signed with them by its author: the therapist or the supervisor.

    Raises NotFound, or Conflict while the notes are not signed.
    """
    session = Subject(caller.practice_id, session_id)
    document: JsonObject = {"text": text}
    with resources.database.transaction(caller.practice_id) as db:
        readable(db, caller, session_id)
        ownership.hold(db, session_id)
        if rows.signed_version(db, session_id) is None:
            raise Conflict("The notes are not signed: edit them, or sign them first.", "not_signed")
        version = rows.next_version(db, session_id)
        rows.add(
            db,
            caller.practice_id,
            session_id,
            version=version,
            body=resources.vault.seal(session, rows.kind(version), document),
            engine=CLINICIAN,
            template="addendum",
            kind=Kind.ADDENDUM,
            author_id=caller.therapist_id,
            based_on=rows.signed_version(db, session_id),
        )
        digest = content_hash(session_id, version, document)
        _add(db, caller, session_id, version, Part.AUTHOR, digest, needs_cosigner=_supervised(db, caller))
        ownership.audit(db, caller, "notes.addendum", session_id, f"v{version}")
        _tell(db, caller, EventType.ADDENDUM_ADDED, session_id, version)
        idempotency.complete(resources, db, caller, session_id, 201)
        after = find(db, caller, session_id)
    return notes.opened(resources, after)


def awaiting(resources: Resources, caller: Caller) -> list[Awaiting]:
    """The sessions whose notes wait for the caller's co-signature, the longest-waiting first."""
    with resources.database.transaction(caller.practice_id) as db:
        found = rows.awaiting_cosignature(db, caller.therapist_id, LONGEST_LIST)
        ownership.audit(db, caller, "notes.awaiting", None)
    return [Awaiting(row.id, row.therapist_id, name, row.session_date) for row, name in found]


def _tell(db: DbSession, caller: Caller, event: EventType, session_id: UUID, version: int) -> None:
    outbox.enqueue(db, caller.practice_id, event, session_id, version=version)


def _supervised(db: DbSession, caller: Caller) -> bool:
    person = api_keys.therapist(db, caller.practice_id, caller.therapist_id)
    return person is not None and person.supervisor_id is not None


def _add(
    db: DbSession,
    caller: Caller,
    session_id: UUID,
    version: int,
    part: Part,
    digest: str,
    *,
    needs_cosigner: bool = False,
) -> None:
    signed = rows.sign(
        db,
        Signature(
            session_id=session_id,
            version=version,
            part=part,
            practice_id=caller.practice_id,
            signer_id=caller.therapist_id,
            content_hash=digest,
            needs_cosigner=needs_cosigner,
        ),
    )
    if not signed:
        raise Conflict("This version is signed already.", "already_signed")

"""Deleting a session: rows, then the key, then the objects; an interrupted deletion is continued.

1. One transaction removes every row, leaves the tombstone and the order to erase. From its commit
   on no query finds the session, no step of it can be claimed, and a worker's late finish is fenced,
   for the row it would finish is gone. The key is not touched before: a transaction that failed
   after that would leave a session which is not deleted and cannot be read.
2. The key is destroyed, before the objects: what was sealed is unreadable from here on, also in
   copies and backups that deleting an object does not reach, and also if the store is away.
3. The objects are removed, and the tombstone is marked.

A crash after 1 leaves the order to erase, which the dispatcher (or the next call to delete)
carries out. It does so once more when no worker that had begun can still be writing: the decoded
speech comes into the store in one move at its end, and that may be after step 3.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy.orm import Session as DbSession

from shared.db.connection.engine import Database
from shared.db.queries.privacy import audit, deletions, packages, retention
from shared.db.queries.privacy.deletions import Remains
from shared.db.queries.records import further_recordings, notes, sessions
from shared.db.queries.records.notes import Signed
from shared.db.queries.work import outbox
from shared.db.tables.core import TherapySession
from shared.domain import failpoints
from shared.domain.errors import Conflict, Unavailable
from shared.domain.status import UNFINISHED
from shared.domain.values import JsonObject
from shared.domain.webhooks import EventType
from shared.services.access import legal_hold, ownership
from shared.services.access.caller import Caller
from shared.services.lifecycle.cancellation import LAST_WRITE_SECONDS, OWN_ATTEMPT_SECONDS
from shared.services.resources import Resources
from shared.storage.recordings import PACKAGE, RECORDING, SPEECH, Recordings
from shared.vault.keystore import KeyStore
from shared.vault.sealing import Subject

log = structlog.get_logger(__name__)

AGAIN_SECONDS = 60.0
FOREVER = 9999  # the year of a time that cannot be told
BATCH = 100


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is left of a deleted session. ``erased_at`` None: the store or the key store was away,
    and the dispatcher goes on until they are back."""

    session_id: UUID
    patient_id: UUID
    removed: dict[str, int]
    signed: tuple[JsonObject, ...]
    requested_at: datetime
    erased_at: datetime | None


def delete(resources: Resources, caller: Caller, session_id: UUID, *, signed_too: bool = False) -> Receipt:
    """Delete the caller's session and give the receipt; raises NotFound.

    Raises Conflict for a session on hold, and for one with signed notes, unless ``signed_too``. For a
    session that was deleted before, goes on with what is left to do and gives its receipt.
    """
    with resources.database.transaction(caller.practice_id) as db:
        if there := sessions.of_therapist(db, caller.therapist_id, session_id):
            legal_hold.require_none(db, there.patient_id, session_id)
        row = sessions.of_therapist(db, caller.therapist_id, session_id, hold=True)
        if row is not None:
            _remove_rows(db, caller, row, signed_too=signed_too)
    failpoints.reach("rows_removed", session_id)
    receipt = _receipt(resources, caller, session_id)
    if receipt.erased_at is not None:
        return receipt
    try:
        remains = Remains(session_id, caller.practice_id, whole=True)
        erase(resources.database, resources.recordings, resources.vault.keys, remains)
    except Unavailable as error:
        log.warning("object_left_to_the_dispatcher", session_id=session_id, code=error.code)
    return _receipt(resources, caller, session_id)


def _remove_rows(db: DbSession, caller: Caller, row: TherapySession, *, signed_too: bool) -> None:
    signed = bool(notes.signatures(db, row.id))
    if signed and not signed_too:
        raise Conflict(
            "The session has signed notes, which the law may oblige you to keep. To delete them all the "
            "same, say so: ?signed_notes=delete.",
            "notes_signed",
        )
    if signed:
        require_minimum_over(db, row)
    remove(db, row, caller.actor)
    ownership.audit(db, caller, "session.delete", row.id)


def require_minimum_over(db: DbSession, row: TherapySession) -> None:
    """Raise Conflict while the practice's own minimum keeps what is signed in the session."""
    end = retention.minimum_end(db, row.practice_id, row.id)
    if end is not None:
        until = "the patient's year of birth is known" if end.year == FOREVER else f"{end.date()}"
        raise Conflict(
            f"The practice keeps signed notes for a minimum time, here until {until}. An administrator sees "
            "the rule with `sessionscribe retention list`.",
            "minimum_not_over",
        )


def remove(db: DbSession, row: TherapySession, requested_by: str) -> None:
    """Remove the rows of a session that the transaction holds; ``erase`` comes after it.

    The caller has looked for a legal hold and for signed notes.
    """
    signed = [_as_left(signature) for signature in notes.signatures(db, row.id)]
    removed = {**deletions.count_rows(db, row.id), "recording_bytes": row.audio_bytes}
    for recording_id in further_recordings.remove_waiting(db, row.id):
        _order(db, Subject(row.practice_id, recording_id))
    deletions.leave_tombstone(db, row, removed, requested_by, signed)
    deletions.remove_rows(db, row.id)
    _order(db, Subject(row.practice_id, row.id))
    outbox.enqueue(db, row.practice_id, EventType.DELETED, row.id)


def _order(db: DbSession, subject: Subject) -> None:
    remains = Remains(subject.id, subject.practice_id, whole=True)
    deletions.schedule(db, remains, due_seconds=OWN_ATTEMPT_SECONDS, last_seconds=LAST_WRITE_SECONDS)


def _as_left(signed: Signed) -> JsonObject:
    return {
        "version": signed.version,
        "part": signed.part.value,
        "signer_id": str(signed.signer_id),
        "content_hash": signed.content_hash,
        "signed_at": signed.signed_at.isoformat(),
    }


def _receipt(resources: Resources, caller: Caller, session_id: UUID) -> Receipt:
    with resources.database.transaction(caller.practice_id) as db:
        found = deletions.tombstone_of(db, caller.therapist_id, session_id)
    if found is None:
        raise ownership.no_such_session()
    return Receipt(
        found.session_id,
        found.patient_id,
        found.removed,
        tuple(found.signed),
        found.requested_at,
        found.erased_at,
    )


def erase(database: Database, recordings: Recordings, keys: KeyStore, remains: Remains) -> None:
    """Remove the key and the objects of a deleted session (or what a cancelled one was decoded to).

    Does no harm if done again. Raises Unavailable; then the dispatcher tries again.
    """
    session = Subject(remains.practice_id, remains.session_id)
    if not remains.whole and _is_worked_on(database, session):
        return  # it needs what it was decoded to; the dispatcher looks again
    if remains.whole:
        keys.destroy(session.id)
        failpoints.reach("key_destroyed", session.id)
    if remains.whole or _is_recording_removed(database, session):
        recordings.delete(session, RECORDING)
        recordings.discard_pieces(session)
    if remains.whole:
        recordings.delete(session, PACKAGE)
    recordings.delete(session, SPEECH)
    with database.transaction(session.practice_id) as db:
        if remains.whole:
            deletions.mark_erased(db, session.id)
        deletions.settle(db, session.id)
        if packages.get(db, session.id) is not None:
            return  # the copy of a record, of which the trail says under its patient that it ended
        audit.record(
            db,
            practice_id=session.practice_id,
            actor="eraser",
            action="session.erased" if remains.whole else "session.decoded_discarded",
            subject_id=session.id,
        )


def _is_worked_on(database: Database, session: Subject) -> bool:
    with database.transaction(session.practice_id) as db:
        return db.scalar(sessions.status_of(session.id)) in UNFINISHED


def _is_recording_removed(database: Database, session: Subject) -> bool:
    with database.transaction(session.practice_id) as db:
        row = sessions.get(db, session.id)
        return row is not None and row.audio_removed_at is not None


def erase_due(database: Database, recordings: Recordings, keys: KeyStore) -> int:
    """Go on with every erasure that is due; gives how many were done."""
    with database.operating() as db:
        due = deletions.take_due(db, again_seconds=AGAIN_SECONDS, limit=BATCH)
    done = 0
    for remains in due:
        try:
            erase(database, recordings, keys, remains)
            done += 1
        except Unavailable as error:
            log.warning("erasure_waits", session_id=remains.session_id, code=error.code)
    return done

"""Deletion of a whole patient in one request, and the receipt that says what is left and why.

One transaction removes the rows of all sessions that may go, and orders the rest: keys first, then objects,
as for one session. What a legal hold or the practice's minimum keeps stays, and with it the patient.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy.orm import Session as DbSession

from shared.db.queries.privacy import deletions, holds, retention
from shared.db.queries.privacy import patient_deletions as rows
from shared.db.queries.privacy.deletions import Remains
from shared.db.queries.records import notes, patients, uploads
from shared.db.tables.core import TherapySession
from shared.db.tables.privacy.retention import PatientDeletion
from shared.domain.errors import Conflict, NotFound, Unavailable
from shared.domain.values import JsonObject
from shared.services.access import legal_hold, ownership
from shared.services.access.caller import Caller
from shared.services.lifecycle import deletion
from shared.services.lifecycle.cancellation import LAST_WRITE_SECONDS, OWN_ATTEMPT_SECONDS
from shared.services.resources import Resources
from shared.services.retention import receipt_document, receipts
from shared.services.rights import packages

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Preview:
    """How many sessions a deletion of the whole patient finds; ``is_held``: the patient is on hold."""

    sessions: int
    signed: int
    held: int
    kept_by_minimum: int
    is_held: bool


def preview(resources: Resources, caller: Caller, patient_id: UUID) -> Preview:
    """What a deletion of the caller's patient would find now; raises NotFound."""
    with resources.database.transaction(caller.practice_id) as db:
        if patients.of_therapist(db, caller.therapist_id, patient_id) is None:
            raise _no_such_patient()
        held = holds.held_sessions(db, patient_id)
        ids = rows.sessions_left(db, patient_id)
        signed = [session_id for session_id in ids if notes.signatures(db, session_id)]
        kept = [
            one for one in signed if one not in held and retention.minimum_end(db, caller.practice_id, one)
        ]
        ownership.audit(db, caller, "patient.deletion_preview", patient_id)
    return Preview(len(ids), len(signed), len(held.intersection(ids)), len(kept), None in held)


def delete(resources: Resources, caller: Caller, patient_id: UUID, *, signed_too: bool = False) -> JsonObject:
    """Delete the caller's patient with all that may go, and give the signed receipt.

    Raises NotFound, and Conflict for a patient on hold, and for signed notes unless ``signed_too``. For a
    patient that was deleted before, goes on with what is left to do and gives the receipt.
    """
    uploaded: Sequence[UUID] = ()
    with resources.database.transaction(caller.practice_id) as db:
        if patients.to_change(db, caller.therapist_id, patient_id) is not None:
            uploaded = _remove(resources, db, caller, patient_id, signed_too=signed_too)
    _erase(resources, caller, patient_id, uploaded)
    return receipt(resources, caller, patient_id)


def receipt(resources: Resources, caller: Caller, patient_id: UUID) -> JsonObject:
    """The receipt as of now, signed; raises NotFound where the patient was not deleted so."""
    with resources.database.transaction(caller.practice_id) as db:
        found = rows.of_therapist(db, caller.therapist_id, patient_id)
        if found is None:
            raise _no_such_patient()
        document = receipt_document.make(resources, db, found)
        ownership.audit(db, caller, "patient.receipt", patient_id)
    return receipts.signed(resources, caller.practice_id, document)


def _no_such_patient() -> NotFound:
    return NotFound("There is no such patient, or no receipt of a deletion.", "patient_not_found")


def _remove(
    resources: Resources, db: DbSession, caller: Caller, patient_id: UUID, *, signed_too: bool
) -> Sequence[UUID]:
    """Remove the rows of what may go; gives the unfinished uploads and packages, to be erased too."""
    held = holds.held_sessions(db, patient_id)
    if None in held:
        raise legal_hold.held()
    found = rows.lock_sessions(db, patient_id)
    going = [session for session in found if _is_going(db, session, held, signed_too=signed_too)]
    ids = [row.id for row in going]
    row = PatientDeletion(patient_id=patient_id, practice_id=caller.practice_id)
    row.therapist_id, row.requested_by = caller.therapist_id, caller.actor
    row.shared_with = _shared_with(resources, db, ids)
    rows.note(db, row)
    rows.forget_messages(db, ids)
    for session in going:
        deletion.remove(db, session, caller.actor)
        ownership.audit(db, caller, "session.delete", session.id)
    uploaded = uploads.remove_of(db, patient_id)
    for upload_id in uploaded:
        _order(db, caller, upload_id)
    copies = packages.end_all(db, patient_id, packages.RECORD_CHANGED)
    ownership.audit(db, caller, "patient.delete_all", patient_id)
    if not rows.sessions_left(db, patient_id):
        _forget(db, caller, patient_id)
    return [*uploaded, *copies]


def _is_going(db: DbSession, row: TherapySession, held: set[UUID | None], *, signed_too: bool) -> bool:
    if row.id in held:
        return False
    if not notes.signatures(db, row.id):
        return True
    if not signed_too:
        raise Conflict(
            "The patient has signed notes, which the law may oblige you to keep. To delete them all the "
            "same, say so: signed_notes=delete.",
            "notes_signed",
        )
    return retention.minimum_end(db, row.practice_id, row.id) is None


def _forget(db: DbSession, caller: Caller, patient_id: UUID) -> None:
    """The patient themselves: a row without a readable name remains; the key is in the order to erase."""
    rows.forget_patient(db, patient_id)
    patients.mark_deleted(db, patient_id)
    _order(db, caller, patient_id)


def _order(db: DbSession, caller: Caller, subject_id: UUID) -> None:
    """Have the dispatcher erase it, in case that this process does not come to it."""
    deletions.schedule(
        db,
        Remains(subject_id, caller.practice_id, whole=True),
        due_seconds=OWN_ATTEMPT_SECONDS,
        last_seconds=LAST_WRITE_SECONDS,
    )


def _erase(resources: Resources, caller: Caller, patient_id: UUID, uploaded: Sequence[UUID]) -> None:
    """Keys and objects of what was removed; what cannot be reached now is left to the dispatcher."""
    with resources.database.transaction(caller.practice_id) as db:
        found = rows.of_therapist(db, caller.therapist_id, patient_id)
        if found is None:
            return
        open_ones = [one.session_id for one in rows.tombstones(db, patient_id) if one.erased_at is None]
        subjects = [patient_id, *open_ones] if rows.is_deleted(db, patient_id) else open_ones
    for subject_id in (*subjects, *uploaded):
        remains = Remains(subject_id, caller.practice_id, whole=True)
        try:
            deletion.erase(resources.database, resources.recordings, resources.vault.keys, remains)
        except Unavailable as error:
            log.warning("object_left_to_the_dispatcher", session_id=subject_id, code=error.code)


def _shared_with(resources: Resources, db: DbSession, ids: list[UUID]) -> list[JsonObject]:
    """What others had got of the sessions: engines that send words away, receivers of webhooks."""
    engines = [
        {"what": "engine", "engine": asked.engine, "kind": asked.kind, "count": asked.count}
        for asked in rows.asked_engines(db, ids)
        if resources.settings.sends_away(asked.engine)
    ]
    told = rows.told_webhooks(db, ids).items()
    return engines + [{"what": "webhook", "webhook_id": str(one), "count": count} for one, count in told]

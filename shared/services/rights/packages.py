"""The copy of a whole record for its patient: asked for, prepared in the background, fetched once.

The file is stored encrypted under a key of its own, which is destroyed when the package ends: fetched,
expired, withdrawn, or outdated because something was taken out of the record.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy.orm import Session as DbSession

from shared.db.connection import clock
from shared.db.queries.privacy import audit, deletions, holds
from shared.db.queries.privacy import packages as rows
from shared.db.queries.privacy.deletions import Remains
from shared.db.queries.records import patients
from shared.db.tables.privacy.packages import RecordPackage
from shared.domain.errors import Conflict, Gone, NotFound
from shared.domain.ports import ByteSource
from shared.domain.rights import UNDER_WAY, PackageForm, PackageState
from shared.services import idempotency
from shared.services.access import legal_hold, ownership
from shared.services.access.caller import Caller
from shared.services.lifecycle.cancellation import LAST_WRITE_SECONDS
from shared.services.operations import encrypted_backups
from shared.services.resources import Resources
from shared.services.rights import requests
from shared.storage.recordings import PACKAGE
from shared.vault.sealing import Subject

SECRET = "record_package.secret"  # noqa: S105 - the kind of a sealed value
KEPT = timedelta(days=7)
ACTOR = "packager"
FETCH = "package.fetch"
RECORD_CHANGED, RESTORED, TAKEN_BACK = "record_changed", "restored", "taken_back"


@dataclass(frozen=True, slots=True, repr=False)
class Lock:
    """What a package is encrypted to: a password, or a recipient's public key."""

    form: PackageForm
    secret: str


def request(
    resources: Resources, caller: Caller, patient_id: UUID, lock: Lock, request_id: UUID | None = None
) -> RecordPackage:
    """Have the copy prepared; raises NotFound, InvalidInput (the recipient) and Conflict.

    ``request_id``: the open request for access that it fulfils once it was fetched.
    """
    if lock.form is PackageForm.AGE:
        encrypted_backups.recipients([lock.secret])
    subject = Subject(caller.practice_id, uuid4())
    resources.vault.keys.create(subject.practice_id, subject.id)
    row = RecordPackage(
        id=subject.id,
        practice_id=subject.practice_id,
        patient_id=patient_id,
        request_id=request_id,
        form=lock.form,
        secret=resources.vault.seal(subject, SECRET, lock.secret),
        created_by=caller.therapist_id,
        key_id=caller.key_id,
    )
    with resources.database.transaction(caller.practice_id) as db:
        if patients.to_change(db, caller.therapist_id, patient_id) is None:
            raise _no_such_patient()
        if request_id is not None:
            requests.require_open_for_access(db, patient_id, request_id)
        if any(other.state in UNDER_WAY for other in rows.open_ones(db, patient_id)):
            raise Conflict(
                "A copy of this record is being prepared. Wait for it, or take it back.", "package_under_way"
            )
        db.add(row)
        ownership.audit(db, caller, "package.request", patient_id, row.form)
        idempotency.complete(resources, db, caller, row.id, 202)
        db.flush()
        db.refresh(row)
    return row


def listed(resources: Resources, caller: Caller, patient_id: UUID) -> Sequence[RecordPackage]:
    """The packages of the caller's patient, newest first; raises NotFound."""
    with resources.database.transaction(caller.practice_id) as db:
        _require_patient(db, caller, patient_id)
        ownership.audit(db, caller, "package.read", patient_id)
        return rows.of_patient(db, patient_id)


def get(resources: Resources, caller: Caller, patient_id: UUID, package_id: UUID) -> RecordPackage:
    """One package; raises NotFound. Leaves no line: it is asked for again and again, for the progress."""
    with resources.database.transaction(caller.practice_id) as db:
        return _own(db, caller, patient_id, package_id)


def withdraw(resources: Resources, caller: Caller, patient_id: UUID, package_id: UUID) -> RecordPackage:
    """Take the package back; it is removed. Raises NotFound and Conflict (``on_hold``)."""
    with resources.database.transaction(caller.practice_id) as db:
        row = _own(db, caller, patient_id, package_id)
        legal_hold.require_none(db, patient_id)
        row = _own(db, caller, patient_id, package_id, lock=True)
        if row.state in rows.OPEN:
            end(db, row, PackageState.WITHDRAWN, TAKEN_BACK)
            ownership.audit(db, caller, "package.withdraw", patient_id)
    return row


@contextmanager
def fetched(
    resources: Resources, caller: Caller, patient_id: UUID, package_id: UUID
) -> Iterator[tuple[RecordPackage, ByteSource]]:
    """The stored file, to be sent; ``note_fetched`` says that all was sent.

    Raises NotFound, Conflict (not ready yet) and Gone.
    """
    with resources.database.transaction(caller.practice_id) as db:
        row = _own(db, caller, patient_id, package_id, lock=True)
        if row.state in UNDER_WAY:
            raise Conflict("The copy is not prepared yet. Ask for its progress.", "package_not_ready")
        is_over = row.fetched_at is not None or row.expires_at is None or row.expires_at <= clock.now(db)
        if is_over or not _is_whole_record(db, row):
            raise _gone()
        _note_leaving(db, caller, row)
    with resources.recordings.open(Subject(row.practice_id, row.id), PACKAGE) as source:
        yield row, source


def require_sendable(resources: Resources, caller: Caller, row: RecordPackage) -> None:
    """Raise Gone if the package that is being sent has ended, or something was taken out of the record."""
    with resources.database.transaction(caller.practice_id) as db:
        mine = rows.get(db, row.id)
        if mine is None or not _is_whole_record(db, mine):
            raise _gone()


def note_fetched(resources: Resources, caller: Caller, row: RecordPackage) -> None:
    """All was sent: the package ends, unless a hold keeps it, and its request is fulfilled.

    Not if something was taken out of the record meanwhile: then a new copy is needed.
    """
    with resources.database.transaction(caller.practice_id) as db:
        mine = rows.get(db, row.id, lock=True)
        if mine is not None and mine.fetched_at is None and _is_whole_record(db, mine):
            mine.fetched_at = clock.now(db)
            if mine.request_id is not None:
                requests.fulfil_access(db, caller, mine.patient_id, mine.request_id)
    end_due(resources, caller.practice_id)


def end_due(resources: Resources, practice_id: UUID) -> None:
    """End what was fetched, has expired or is outdated. What a hold on the patient keeps, stays stored."""
    with resources.database.transaction(practice_id) as db:
        over = [found for found in rows.open_ones(db) if _end_of(db, found)]
    for found in over:
        with resources.database.transaction(practice_id) as db:
            patients.keep(db, found.patient_id)  # before the package's row, as everywhere
            row = rows.get(db, found.id, lock=True)
            if row is None or row.state not in rows.OPEN or holds.is_held(db, row.patient_id):
                continue
            if state := _end_of(db, row):
                end(db, row, state, RECORD_CHANGED if state is PackageState.WITHDRAWN else None)
                _note_end(db, row)


def end(db: DbSession, row: RecordPackage, state: PackageState, code: str | None = None) -> None:
    """The package that the transaction holds is over; the dispatcher destroys its key and its file."""
    row.state, row.code, row.ended_at = state, code, clock.now(db)
    row.secret = row.lease = row.lease_until = None
    remains = Remains(row.id, row.practice_id, whole=True)
    deletions.schedule(db, remains, due_seconds=0.0, last_seconds=LAST_WRITE_SECONDS)


def end_all(db: DbSession, patient_id: UUID | None, code: str) -> list[UUID]:
    """End every package of a patient, or of the practice; gives which ones."""
    found = rows.open_ones(db, patient_id, lock=True)
    for row in found:
        end(db, row, PackageState.WITHDRAWN, code)
        _note_end(db, row)
    db.flush()
    return [row.id for row in found]


def _note_end(db: DbSession, row: RecordPackage) -> None:
    """Say under the patient that the service took the copy away, and as what it ended."""
    subject_id, state = row.patient_id, row.state
    audit.record(
        db,
        practice_id=row.practice_id,
        actor=ACTOR,
        action="package.ended",
        subject_id=subject_id,
        code=state,
    )


def _end_of(db: DbSession, row: RecordPackage) -> PackageState | None:
    if row.fetched_at is not None:
        return PackageState.FETCHED
    if row.expires_at is not None and row.expires_at <= clock.now(db):
        return PackageState.EXPIRED
    return PackageState.WITHDRAWN if rows.is_outdated(db, row) else None


def _is_whole_record(db: DbSession, row: RecordPackage) -> bool:
    return row.state is PackageState.READY and not rows.is_outdated(db, row)


def _note_leaving(db: DbSession, caller: Caller, row: RecordPackage) -> None:
    """Each part leaves with the package, and so does the whole: disclosures to the patient, once.

    Fetched again, because a transfer broke off, it does not leave a second time: each try has its own line.
    """
    is_first = not audit.has_line(db, row.practice_id, row.patient_id, FETCH, str(row.id))
    ownership.audit(db, caller, FETCH, row.patient_id, str(row.id))
    if not is_first:
        return
    ownership.audit(db, caller, "patient.export", row.patient_id, requests.PACKAGE)
    for session_id, action in row.contents:
        ownership.audit(db, caller, action, UUID(session_id), requests.PACKAGE)


def _own(
    db: DbSession, caller: Caller, patient_id: UUID, package_id: UUID, *, lock: bool = False
) -> RecordPackage:
    _require_patient(db, caller, patient_id)
    row = rows.get(db, package_id, lock=lock)
    if row is None or row.patient_id != patient_id:
        raise NotFound("There is no such copy of this patient's record.", "package_not_found")
    return row


def _require_patient(db: DbSession, caller: Caller, patient_id: UUID) -> None:
    if patients.of_therapist(db, caller.therapist_id, patient_id) is None:
        raise _no_such_patient()


def _gone() -> Gone:
    return Gone("The copy can be fetched no longer. Have a new one prepared.", "package_gone")


def _no_such_patient() -> NotFound:
    return NotFound("There is no such patient.", "patient_not_found")

"""Requests for access, amendment and restriction: received, due, fulfilled or denied with a reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.orm import Session as DbSession

from shared.db.connection import clock
from shared.db.queries.privacy import rights as rows
from shared.db.queries.records import patients
from shared.db.tables.privacy.rights import RightsRequest
from shared.domain.disclosures import Giving
from shared.domain.errors import Conflict, InvalidInput, NotFound
from shared.domain.rights import DUE_AFTER, NEXT, RequestKind, RequestStatus
from shared.services import idempotency
from shared.services.access import consent, ownership
from shared.services.access.caller import Caller
from shared.services.resources import Resources
from shared.vault.sealing import Sealed, Subject, Vault

WORDS, ANSWER = "rights_request.words", "rights_request.answer"
AGREED = "rights_request.agreed"  # a restriction, as the list of removals keeps it
PACKAGE = Giving("package", "patient", "patient_request").code  # how the trail names all that leaves in one


class InvalidRequest(InvalidInput):
    """The parts of a request or of its answer do not go together; ``fields`` says which."""

    default_code = "invalid_request"


@dataclass(frozen=True, slots=True, repr=False)
class Asked:
    """A request with its words and its answer opened."""

    id: UUID
    kind: RequestKind
    status: RequestStatus
    session_id: UUID | None
    words: str
    answer: str | None
    received_at: datetime
    due_at: datetime
    decided_at: datetime | None


def create(
    resources: Resources,
    caller: Caller,
    patient_id: UUID,
    kind: RequestKind,
    words: str,
    *,
    received_at: datetime | None = None,
    session_id: UUID | None = None,
) -> Asked:
    """Note what the caller's patient asks for; raises NotFound and InvalidRequest."""
    if kind is RequestKind.AMENDMENT and session_id is None:
        raise _invalid("session_id", "Name the session whose notes the patient wants amended.")
    subject = Subject(caller.practice_id, patient_id)
    with resources.database.transaction(caller.practice_id) as db:
        _require_patient(db, caller, patient_id)
        now = clock.now(db)
    if received_at is not None and received_at > now + consent.MOST_AHEAD:
        raise _invalid("received_at", "received_at is in the future. Send the day on which it was received.")
    row = RightsRequest(
        id=uuid4(),
        practice_id=caller.practice_id,
        patient_id=patient_id,
        session_id=session_id,
        kind=kind,
        status=RequestStatus.OPEN,
        words=resources.vault.seal(subject, WORDS, words),
        received_at=received_at or now,
        due_at=(received_at or now) + DUE_AFTER[kind],
        created_by=caller.therapist_id,
    )
    with resources.database.transaction(caller.practice_id) as db:
        _require_patient(db, caller, patient_id)
        if session_id is not None and ownership.own(db, caller, session_id).patient_id != patient_id:
            raise ownership.no_such_session()
        db.add(row)
        ownership.audit(db, caller, "rights.request", patient_id, f"{kind}:{row.id}")
        idempotency.complete(resources, db, caller, row.id, 201)
    return opened(resources.vault, row)


def listed(resources: Resources, caller: Caller, patient_id: UUID) -> list[Asked]:
    """Everything that the caller's patient asked for, oldest first; raises NotFound."""
    with resources.database.transaction(caller.practice_id) as db:
        _require_patient(db, caller, patient_id)
        found = rows.of_patient(db, patient_id)
        ownership.audit(db, caller, "rights.read", patient_id)
    return [opened(resources.vault, row) for row in found]


def get(resources: Resources, caller: Caller, patient_id: UUID, request_id: UUID) -> Asked:
    """One request; raises NotFound."""
    found = [one for one in listed(resources, caller, patient_id) if one.id == request_id]
    if not found:
        raise _no_such_request()
    return found[0]


def decide(
    resources: Resources,
    caller: Caller,
    patient_id: UUID,
    request_id: UUID,
    status: RequestStatus,
    answer: str | None,
) -> Asked:
    """Answer a request. A denial needs a reason. Raises NotFound, InvalidRequest and Conflict."""
    if status is RequestStatus.DENIED and not answer:
        raise _invalid("answer", "A denial needs its reason. Send it as answer; the patient gets to read it.")
    with resources.database.transaction(caller.practice_id) as db:
        _require_patient(db, caller, patient_id)
        row = rows.get(db, patient_id, request_id)
        if row is None:
            raise _no_such_request()
        ends_other = status is RequestStatus.ENDED and row.kind is not RequestKind.RESTRICTION
        if status not in NEXT[row.status] or ends_other:
            raise Conflict(f"The request is {row.status}; it cannot become {status}.", "already_decided")
        row.status, row.decided_at, row.decided_by = status, clock.now(db), caller.therapist_id
        if answer:  # sealed only now: another practice's patient has a key that this one cannot open
            row.answer = resources.vault.seal(Subject(caller.practice_id, patient_id), ANSWER, answer)
        if status is RequestStatus.FULFILLED and row.kind is RequestKind.RESTRICTION:
            row.agreed = _kept(resources.vault, row)
        ownership.audit(db, caller, f"rights.{status}", patient_id, f"{row.kind}:{request_id}")
        db.flush()
        return opened(resources.vault, row)


def require_open_for_access(db: DbSession, patient_id: UUID, request_id: UUID) -> None:
    """Raise NotFound, and Conflict unless it is an open request for access: a copy fulfils no other."""
    row = rows.get(db, patient_id, request_id)
    if row is None:
        raise _no_such_request()
    if not _is_open_for_access(row):
        raise Conflict("A copy fulfils an open request for access. Name one.", "request_not_open")


def fulfil_access(db: DbSession, caller: Caller, patient_id: UUID, request_id: UUID) -> None:
    """The copy was given, unless the request was decided meanwhile."""
    row = rows.get(db, patient_id, request_id)
    if row is None or not _is_open_for_access(row):
        return
    row.status, row.decided_at = RequestStatus.FULFILLED, clock.now(db)
    row.decided_by = caller.therapist_id
    ownership.audit(db, caller, f"rights.{row.status}", patient_id, f"{row.kind}:{request_id}")


def _is_open_for_access(row: RightsRequest) -> bool:
    return row.kind is RequestKind.ACCESS and row.status is RequestStatus.OPEN


def agree_again(vault: Vault, db: DbSession, patient: Subject, agreed: Sealed, at: datetime) -> bool:
    """Have a restriction in force again that a restore forgot; False if it is, or has ended since."""
    said = vault.open(patient, AGREED, agreed)
    row = rows.get(db, patient.id, UUID(said["id"]))
    if row is None:
        row = RightsRequest(id=UUID(said["id"]), practice_id=patient.practice_id, patient_id=patient.id)
        row.session_id = UUID(said["session_id"]) if said["session_id"] else None
        row.kind, row.status = RequestKind.RESTRICTION, RequestStatus.OPEN
        row.words = vault.seal(patient, WORDS, said["words"])
        row.received_at, row.due_at = (
            datetime.fromisoformat(said[name]) for name in ("received_at", "due_at")
        )
        row.created_by = UUID(said["created_by"])
        db.add(row)
    if row.status not in (RequestStatus.OPEN, RequestStatus.DENIED):
        return False
    row.status, row.decided_at, row.decided_by = RequestStatus.FULFILLED, at, UUID(said["created_by"])
    row.answer = vault.seal(patient, ANSWER, said["answer"]) if said["answer"] else None
    row.agreed = agreed
    db.flush()
    return True


def _kept(vault: Vault, row: RightsRequest) -> Sealed:
    """All of a restriction, under the patient's key."""
    found = opened(vault, row)
    said = {
        "id": str(found.id),
        "session_id": str(found.session_id) if found.session_id else None,
        "words": found.words,
        "answer": found.answer,
        "received_at": found.received_at.isoformat(),
        "due_at": found.due_at.isoformat(),
        "created_by": str(row.created_by),
    }
    return vault.seal(Subject(row.practice_id, row.patient_id), AGREED, said)


def with_notes(vault: Vault, db: DbSession, patient_id: UUID, session_id: UUID) -> Sequence[Asked]:
    """What readers of a session's notes must see: requests to amend them, and agreed restrictions."""
    return [opened(vault, row) for row in rows.that_notes_show(db, patient_id, session_id)]


def opened(vault: Vault, row: RightsRequest) -> Asked:
    """The request with its texts."""
    subject = Subject(row.practice_id, row.patient_id)
    return Asked(
        id=row.id,
        kind=row.kind,
        status=row.status,
        session_id=row.session_id,
        words=vault.open(subject, WORDS, row.words),
        answer=vault.open(subject, ANSWER, row.answer) if row.answer else None,
        received_at=row.received_at,
        due_at=row.due_at,
        decided_at=row.decided_at,
    )


def _require_patient(db: DbSession, caller: Caller, patient_id: UUID) -> None:
    if patients.of_therapist(db, caller.therapist_id, patient_id) is None:
        raise NotFound("There is no such patient.", "patient_not_found")


def _invalid(field: str, sentence: str) -> InvalidRequest:
    return InvalidRequest(sentence, fields={field: [sentence]})


def _no_such_request() -> NotFound:
    return NotFound("There is no such request of this patient.", "request_not_found")

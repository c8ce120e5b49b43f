"""Legal holds: an administrator places one, and it takes two of them to lift it."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy.orm import Session as DbSession

from shared.db.connection import clock
from shared.db.queries.privacy import holds as rows
from shared.db.queries.records import patients, sessions
from shared.db.tables.privacy.retention import Hold
from shared.domain.errors import Conflict, InvalidInput, NotFound
from shared.domain.values import JsonObject
from shared.services import idempotency
from shared.services.access import ownership
from shared.services.access.caller import Caller
from shared.services.resources import Resources
from shared.vault.keystore import KeyDestroyed
from shared.vault.sealing import Sealed, Subject

KIND = "hold"


@dataclass(frozen=True, slots=True)
class Target:
    """What is put on hold: a patient with all their sessions, or one session."""

    patient_id: UUID | None = None
    session_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class HoldRecord:
    """A hold as administrators see it; ``matter`` and ``reason`` are None once the patient is deleted."""

    id: UUID
    patient_id: UUID
    session_id: UUID | None
    matter: str | None
    reason: str | None
    review_on: date
    review_due: bool
    placed_by: UUID
    placed_at: datetime
    lift_asked_by: UUID | None
    lift_asked_at: datetime | None
    lifted_by: UUID | None
    lifted_at: datetime | None

    def __repr__(self) -> str:
        return f"HoldRecord({self.id})"


def place(
    resources: Resources, caller: Caller, target: Target, *, matter: str, reason: str, review_on: date
) -> HoldRecord:
    """Put a patient or a session of the practice on hold.

    From the commit on nothing of it is removed; a deletion that committed before is not undone. Raises
    NotFound, and InvalidInput for a review in the past.
    """
    hold_id = uuid4()
    with resources.database.transaction(caller.practice_id) as db:
        _check_review(db, review_on)
        patient_id = _locked_patient(db, target)
        facts = {
            "id": str(hold_id),
            "session_id": None if target.session_id is None else str(target.session_id),
            "matter": matter,
            "reason": reason,
            "review_on": review_on.isoformat(),
            "placed_by": str(caller.therapist_id),
        }
        row = Hold(
            id=hold_id,
            practice_id=caller.practice_id,
            patient_id=patient_id,
            session_id=target.session_id,
            details=resources.vault.seal(Subject(caller.practice_id, patient_id), KIND, facts),
            review_on=review_on,
            placed_by=caller.therapist_id,
        )
        rows.add(db, row)
        _audit(db, caller, "hold.place", row)
        idempotency.complete(resources, db, caller, hold_id, 201)
        return _record(resources, db, row)


def listed(resources: Resources, caller: Caller, *, lifted_too: bool = False) -> list[HoldRecord]:
    """The practice's holds, newest first."""
    with resources.database.transaction(caller.practice_id) as db:
        found = rows.listed(db, caller.practice_id, lifted_too=lifted_too)
        ownership.audit(db, caller, "hold.list", None)
        return [_record(resources, db, row) for row in found]


def get(resources: Resources, caller: Caller, hold_id: UUID) -> HoldRecord:
    """One hold; raises NotFound."""
    with resources.database.transaction(caller.practice_id) as db:
        row = _found(rows.get(db, hold_id))
        _audit(db, caller, "hold.read", row)
        return _record(resources, db, row)


def review(resources: Resources, caller: Caller, hold_id: UUID, review_on: date) -> HoldRecord:
    """Look at the hold again on another day; raises NotFound, InvalidInput and Conflict."""
    with resources.database.transaction(caller.practice_id) as db:
        row = _in_force(db, hold_id)
        _check_review(db, review_on)
        rows.set_review(db, hold_id, review_on)
        _audit(db, caller, "hold.review", row)
        return _again(resources, db, row)


def ask_to_lift(resources: Resources, caller: Caller, hold_id: UUID) -> HoldRecord:
    """Ask for the hold to be lifted, which another administrator confirms; raises NotFound and Conflict."""
    with resources.database.transaction(caller.practice_id) as db:
        row = _in_force(db, hold_id)
        if row.lift_asked_by is None:
            rows.set_lift_asked(db, hold_id, caller.therapist_id)
            _audit(db, caller, "hold.lift_asked", row)
        return _again(resources, db, row)


def keep(resources: Resources, caller: Caller, hold_id: UUID) -> HoldRecord:
    """Take back that the hold is to be lifted, oneself or another; raises NotFound and Conflict."""
    with resources.database.transaction(caller.practice_id) as db:
        row = _in_force(db, hold_id)
        if row.lift_asked_by is not None:
            rows.set_lift_asked(db, hold_id, None)
            _audit(db, caller, "hold.kept", row)
        return _again(resources, db, row)


def confirm_lift(resources: Resources, caller: Caller, hold_id: UUID) -> HoldRecord:
    """Lift the hold that another administrator asked to lift; raises NotFound and Conflict."""
    with resources.database.transaction(caller.practice_id) as db:
        row = _in_force(db, hold_id)
        if row.lift_asked_by is None:
            raise Conflict(
                "One administrator first asks to lift the hold, another confirms.", "lift_not_asked"
            )
        if row.lift_asked_by == caller.therapist_id:
            raise Conflict(
                "You asked to lift this hold yourself. Have another administrator confirm it.",
                "another_administrator",
            )
        rows.lift(db, hold_id, caller.therapist_id)
        _audit(db, caller, "hold.lift", row)
        return _again(resources, db, row)


def place_again(db: DbSession, patient: Subject, placed: JsonObject, details: Sealed, at: datetime) -> bool:
    """Bring back a hold that a restored backup does not have; False if it does."""
    hold_id = UUID(placed["id"])
    if rows.get(db, hold_id) is not None:
        return False
    row = Hold(
        id=hold_id,
        practice_id=patient.practice_id,
        patient_id=patient.id,
        session_id=None if placed["session_id"] is None else UUID(placed["session_id"]),
        details=details,
        review_on=date.fromisoformat(placed["review_on"]),
        placed_by=UUID(placed["placed_by"]),
        placed_at=at,
    )
    rows.add(db, row)
    return True


def _locked_patient(db: DbSession, target: Target) -> UUID:
    """The id of the patient that the target is, or belongs to, with the row locked; raises NotFound."""
    patient_id = target.patient_id
    if target.session_id is not None:
        session = sessions.get(db, target.session_id)
        if session is None:
            raise ownership.no_such_session()
        patient_id = session.patient_id
    if patient_id is None or patients.to_put_on_hold(db, patient_id) is None:
        raise NotFound("There is no such patient.", "patient_not_found")
    if target.session_id is not None:
        ownership.hold(db, target.session_id)  # or a deletion that was faster has it
    return patient_id


def _check_review(db: DbSession, review_on: date) -> None:
    if review_on < clock.now(db).date():
        raise InvalidInput("The review lies in the past. Name a day from today on.", "review_in_the_past")


def _found(row: Hold | None) -> Hold:
    if row is None:
        raise NotFound("There is no such hold.", "hold_not_found")
    return row


def _in_force(db: DbSession, hold_id: UUID) -> Hold:
    row = _found(rows.get(db, hold_id, lock=True))
    if row.lifted_at is not None:
        raise Conflict("The hold was lifted. If the record must be kept again, place another.", "hold_lifted")
    return row


def _again(resources: Resources, db: DbSession, row: Hold) -> HoldRecord:
    db.refresh(row)
    return _record(resources, db, row)


def _record(resources: Resources, db: DbSession, row: Hold) -> HoldRecord:
    try:
        details = resources.vault.open(Subject(row.practice_id, row.patient_id), KIND, row.details)
    except KeyDestroyed:
        details = {}
    return HoldRecord(
        id=row.id,
        patient_id=row.patient_id,
        session_id=row.session_id,
        matter=details.get("matter"),
        reason=details.get("reason"),
        review_on=row.review_on,
        review_due=row.lifted_at is None and row.review_on <= clock.now(db).date(),
        placed_by=row.placed_by,
        placed_at=row.placed_at,
        lift_asked_by=row.lift_asked_by,
        lift_asked_at=row.lift_asked_at,
        lifted_by=row.lifted_by,
        lifted_at=row.lifted_at,
    )


def _audit(db: DbSession, caller: Caller, action: str, row: Hold) -> None:
    """In the trail under what is held, with the hold as its part."""
    ownership.audit(db, caller, action, row.session_id or row.patient_id, str(row.id))

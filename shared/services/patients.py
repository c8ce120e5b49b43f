"""Patients: kept under keys of their own, with the consent to be recorded."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from unicodedata import normalize
from uuid import UUID, uuid4

from sqlalchemy.orm import Session as DbSession

from shared.db.connection import clock
from shared.db.queries.privacy import patient_deletions
from shared.db.queries.records import patients, uploads
from shared.db.tables.core import Patient
from shared.domain.consent import METHODS
from shared.domain.errors import Conflict, NotFound
from shared.services import idempotency, paging
from shared.services.access import consent as consents
from shared.services.access import legal_hold, ownership
from shared.services.access.caller import Caller
from shared.services.consents.history import InvalidConsent, check_not_ahead
from shared.services.lifecycle import cancellation
from shared.services.paging import Page, Position
from shared.services.resources import Resources
from shared.vault.sealing import Sealed, Subject

NAME = "patient.name"
LISTING = "patients"  # what a cursor of this list names
CONSENT_METHODS = METHODS
_CONSENT_COLUMNS = {
    "given_on": "consent_given_at",
    "method": "consent_method",
    "revoked_on": "consent_revoked_at",
}


@dataclass(frozen=True, slots=True)
class Consent:
    """The consent to be recorded: given when, by which of CONSENT_METHODS, revoked when."""

    given_on: datetime | None = None
    method: str | None = None
    revoked_on: datetime | None = None


@dataclass(frozen=True, slots=True)
class PatientRecord:
    """A patient as the therapist sees them; the name stays out of the repr by being clinical."""

    id: UUID
    name: str
    consent: Consent
    created_at: datetime
    updated_at: datetime

    def __repr__(self) -> str:
        return f"PatientRecord({self.id})"


def create(resources: Resources, caller: Caller, name: str, consent: Consent) -> PatientRecord:
    """A new patient of the caller; raises InvalidConsent."""
    _check_complete(consent.given_on, consent.method)
    _check_order(consent.given_on, consent.revoked_on)
    with resources.database.transaction(caller.practice_id) as db:
        _check_past(db, {"given_on": consent.given_on, "revoked_on": consent.revoked_on})
    subject = Subject(caller.practice_id, uuid4())
    # Before the row: a key without a row does no harm, a row without a key could not be read.
    resources.vault.keys.create(subject.practice_id, subject.id)
    patient = Patient(
        id=subject.id,
        practice_id=caller.practice_id,
        therapist_id=caller.therapist_id,
        name=resources.vault.seal(subject, NAME, name),
        consent_given_at=consent.given_on,
        consent_method=consent.method,
        consent_revoked_at=consent.revoked_on,
    )
    with resources.database.transaction(caller.practice_id) as db:
        db.add(patient)
        db.flush()
        db.refresh(patient)
        _audit(db, caller, "patient.create", patient.id)
        idempotency.complete(resources, db, caller, patient.id, 201)
    return _record(resources, patient)


def get(resources: Resources, caller: Caller, patient_id: UUID) -> PatientRecord:
    """The caller's patient; raises NotFound."""
    with resources.database.transaction(caller.practice_id) as db:
        patient = _found(patients.of_therapist(db, caller.therapist_id, patient_id))
        _audit(db, caller, "patient.read", patient_id)
    return _record(resources, patient)


def page(
    resources: Resources, caller: Caller, *, limit: int, after: Position | None = None
) -> Page[PatientRecord]:
    """The caller's patients, newest first; raises InvalidInput for a ``limit`` out of range."""
    paging.check_limit(limit)
    with resources.database.transaction(caller.practice_id) as db:
        rows = patients.page(db, caller.therapist_id, limit=limit + 1, before=after)
        _audit(db, caller, "patient.list", None)
    more = len(rows) > limit
    shown = rows[:limit]
    cursor = paging.cursor_after((shown[-1].created_at, shown[-1].id), LISTING) if more else None
    return Page([_record(resources, patient) for patient in shown], cursor)


def change(
    resources: Resources, caller: Caller, patient_id: UUID, changes: Mapping[str, Any]
) -> PatientRecord:
    """Set what ``changes`` holds: ``name``, and of the consent what ``Consent`` calls it.

    Without a consent on file every upload is refused from then on, and the work on the patient's
    unfinished sessions is cancelled. Raises NotFound and InvalidConsent.
    """
    columns: dict[str, Any] = {}
    if "name" in changes:
        subject = Subject(caller.practice_id, patient_id)
        columns["name"] = _sealed_name(resources, caller, subject, changes["name"])
    columns |= {_CONSENT_COLUMNS[field]: changes[field] for field in _CONSENT_COLUMNS.keys() & changes.keys()}
    with resources.database.transaction(caller.practice_id) as db:
        patient = _found(patients.to_change(db, caller.therapist_id, patient_id))
        _check_past(db, {field: changes.get(field) for field in ("given_on", "revoked_on")})
        for column, value in columns.items():
            setattr(patient, column, value)
        if changes.keys() & {"given_on", "method"}:
            _check_complete(patient.consent_given_at, patient.consent_method)
        if changes.keys() & _CONSENT_COLUMNS.keys():
            _check_order(patient.consent_given_at, patient.consent_revoked_at)
        db.flush()
        db.refresh(patient)
        stopped = [] if consents.is_on_file(patient) else cancellation.stop_all_of(db, caller, patient_id)
        _audit(db, caller, "patient.change", patient_id)
    for session in stopped:
        cancellation.discard_decoded(resources, session)
    return _record(resources, patient)


def delete(resources: Resources, caller: Caller, patient_id: UUID) -> None:
    """Forget the patient: the key is destroyed, a row without a readable name remains.

    Raises NotFound, and Conflict while the patient is on hold or any session of theirs exists.
    """
    with resources.database.transaction(caller.practice_id) as db:
        _found(patients.to_change(db, caller.therapist_id, patient_id))
        legal_hold.require_none(db, patient_id)
        if patients.has_sessions(db, patient_id):
            raise Conflict(
                "The patient still has sessions. Their records must go first.", "patient_has_sessions"
            )
        patient_deletions.forget_patient(db, patient_id)
        patients.mark_deleted(db, patient_id)
        uploads.expire_of(db, patient_id)
        _audit(db, caller, "patient.delete", patient_id)
    resources.vault.keys.destroy(patient_id)


def _check_complete(given_on: datetime | None, method: str | None) -> None:
    if (given_on is None) != (method is None):
        missing = "given_on" if given_on is None else "method"
        raise InvalidConsent(
            "A consent has both given_on and method: send the two together.",
            fields={"consent": [f"{missing} is missing."]},
        )


def _check_order(given_on: datetime | None, revoked_on: datetime | None) -> None:
    # By days: a revocation given as a plain date is that day's midnight, before a consent at noon.
    if given_on and revoked_on and revoked_on.astimezone(UTC).date() < given_on.astimezone(UTC).date():
        raise InvalidConsent(
            "revoked_on is before given_on. If the patient consented again, send revoked_on as null.",
            fields={"consent": ["revoked_on is before given_on."]},
        )


def _check_past(db: DbSession, times: Mapping[str, datetime | None]) -> None:
    for field, when in times.items():
        if when is not None:
            check_not_ahead(field, when, clock.now(db))


def _sealed_name(resources: Resources, caller: Caller, subject: Subject, name: str) -> Sealed:
    # First make sure that the patient is the caller's: others' keys are not to be touched.
    with resources.database.transaction(caller.practice_id) as db:
        _found(patients.of_therapist(db, caller.therapist_id, subject.id))
    return resources.vault.seal(subject, NAME, name)


def _found(patient: Patient | None) -> Patient:
    if patient is None:
        raise NotFound("There is no such patient.", "patient_not_found")
    return patient


def _record(resources: Resources, patient: Patient) -> PatientRecord:
    subject = Subject(patient.practice_id, patient.id)
    return PatientRecord(
        id=patient.id,
        # Older names may be stored decomposed, and would not be found by what is typed.
        name=normalize("NFC", resources.vault.open(subject, NAME, patient.name)),
        consent=Consent(patient.consent_given_at, patient.consent_method, patient.consent_revoked_at),
        created_at=patient.created_at,
        updated_at=patient.updated_at,
    )


def _audit(db: DbSession, caller: Caller, action: str, patient_id: UUID | None) -> None:
    ownership.audit(db, caller, action, patient_id)

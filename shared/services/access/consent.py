"""Consent to be recorded: without it nothing is accepted, and nothing is worked on."""

from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.queries import patients
from shared.db.tables.core import Patient
from shared.domain.errors import Conflict, NotFound
from shared.services.access.caller import Caller
from shared.services.resources import Resources


def is_on_file(patient: Patient) -> bool:
    """Whether the consent was given, and not revoked since."""
    return patient.consent_given_at is not None and patient.consent_revoked_at is None


def check(resources: Resources, caller: Caller, patient_id: UUID) -> None:
    """Raise NotFound or Conflict unless the caller may upload for this patient."""
    with resources.database.transaction(caller.practice_id) as db:
        require(db, caller, patient_id)


def require(db: DbSession, caller: Caller, patient_id: UUID, *, hold: bool = False) -> None:
    """As ``check``, within a transaction; ``hold``: the consent stays as it is until that ends."""
    patient = patients.of_therapist(db, caller.therapist_id, patient_id, hold=hold)
    if patient is None:
        raise NotFound("There is no such patient.", "patient_not_found")
    if patient.consent_revoked_at is not None:
        raise Conflict(
            "The patient has revoked the recording consent. If they consent again, record that first.",
            "consent_revoked",
        )
    if patient.consent_given_at is None:
        raise Conflict(
            "The patient has no recording consent on file. Record the consent first.", "no_consent"
        )

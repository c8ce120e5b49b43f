"""Consent to be recorded: without it nothing is accepted, and nothing is worked on."""

from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db import patients
from shared.db.tables import Patient
from shared.domain.errors import Conflict, NotFound
from shared.services.callers import Caller


def is_on_file(patient: Patient) -> bool:
    """Whether the consent was given, and not revoked since."""
    return patient.consent_given_at is not None and patient.consent_revoked_at is None


def require(db: DbSession, caller: Caller, patient_id: UUID, *, hold: bool = False) -> None:
    """Raise NotFound or Conflict unless the caller's patient consents.

    With ``hold`` the consent stays as it is to the end of the transaction.
    """
    patient = patients.of_therapist(db, caller.therapist_id, patient_id, hold=hold)
    if patient is None:
        raise NotFound("There is no such patient.", "patient_not_found")
    if not is_on_file(patient):
        raise Conflict(
            "The patient has no recording consent on file. Record the consent first.", "no_consent"
        )

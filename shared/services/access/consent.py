"""Consent: without it nothing is recorded, no notes are drafted and nothing is sent away."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.queries.privacy import consents
from shared.db.queries.records import patients
from shared.db.tables.core import Patient
from shared.domain.consent import ConsentScope, ConsentState
from shared.domain.errors import Conflict, NotFound, PermanentStepError
from shared.services.access.caller import Caller
from shared.services.resources import Resources

MOST_AHEAD = timedelta(hours=14)  # a plain date is midnight UTC, and zones are up to 14 hours ahead

_OF_PATIENT = {
    ConsentState.NONE: (
        "The patient has no recording consent on file. Record the consent first.",
        "no_consent",
    ),
    ConsentState.WITHDRAWN: (
        "The patient has revoked the recording consent. If they consent again, record that first.",
        "consent_revoked",
    ),
    ConsentState.EXPIRED: (
        "The patient's recording consent has expired. If they consent again, record that first.",
        "consent_expired",
    ),
}
_OF_ANOTHER = "A participant has no recording consent in force. Record their consent, or that they have left."
_OTHER_SCOPES = {
    ConsentScope.AI_NOTES: (
        "There is no consent in force to notes that a program drafts. Write them yourself, or record it.",
        "ai_notes_not_consented",
    ),
    ConsentScope.SENDING_AWAY: (
        "There is no consent in force to sending anything to computers of others. Choose an engine on this "
        "server, or record the consent.",
        "sending_away_not_consented",
    ),
    ConsentScope.PART2: (
        "There is no consent in force to disclosing records of substance use disorder treatment (42 CFR "
        "Part 2). Choose an engine on this server, or record the consent.",
        "part2_not_consented",
    ),
}


def is_on_file(patient: Patient) -> bool:
    """Whether the consent to be recorded was given, and not revoked since."""
    return patient.consent_given_at is not None and patient.consent_revoked_at is None


def check(resources: Resources, caller: Caller, patient_id: UUID) -> None:
    """Raise NotFound or Conflict unless the caller may upload for this patient."""
    with resources.database.transaction(caller.practice_id) as db:
        require(db, caller, patient_id)


def may_record(resources: Resources, caller: Caller, patient_id: UUID) -> bool:
    """Whether everybody who takes part consents to be recorded."""
    with resources.database.transaction(caller.practice_id) as db:
        return lacking(db, patient_id, ConsentScope.RECORDING) is None


def require(
    db: DbSession,
    caller: Caller,
    patient_id: UUID,
    scope: ConsentScope = ConsentScope.RECORDING,
    *,
    hold: bool = False,
) -> None:
    """As ``check``, within a transaction; ``hold``: the consent stays as it is until that ends."""
    if patients.of_therapist(db, caller.therapist_id, patient_id, hold=hold) is None:
        raise NotFound("There is no such patient.", "patient_not_found")
    if missing := lacking(db, patient_id, scope):
        raise Conflict(*missing)


def require_for_step(db: DbSession, patient_id: UUID, scope: ConsentScope) -> None:
    """Raise PermanentStepError unless everybody who takes part consents to what a worker is about to do."""
    if missing := lacking(db, patient_id, scope):
        raise PermanentStepError(*missing)


def lacking_to_send_away(db: DbSession, patient_id: UUID, session_id: UUID | None) -> tuple[str, str] | None:
    """As ``lacking``, for engines elsewhere: records under 42 CFR Part 2 need a consent of their own."""
    missing = lacking(db, patient_id, ConsentScope.SENDING_AWAY)
    if missing is None and consents.is_part2(db, patient_id, session_id):
        missing = lacking(db, patient_id, ConsentScope.PART2)
    return missing


def lacking(db: DbSession, patient_id: UUID, scope: ConsentScope) -> tuple[str, str] | None:
    """The sentence and the code that say what is missing; None if everybody consents."""
    states = consents.states(db, patient_id, scope)
    bad = {who: state for who, state in states.items() if state is not ConsentState.IN_FORCE}
    if not bad:
        return None
    if scope is not ConsentScope.RECORDING:
        return _OTHER_SCOPES[scope]
    if None in bad:
        return _OF_PATIENT[bad[None]]
    return _OF_ANOTHER, _OF_PATIENT[next(iter(bad.values()))][1]

"""Rules of retention: set by administrators for a practice, with exceptions by therapists for a patient."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared.db.queries.privacy import retention as rows
from shared.db.queries.records import patients
from shared.db.tables.privacy.retention import PatientRetention, RetentionRule
from shared.domain.errors import InvalidInput, NotFound
from shared.domain.retention import COUNTED_FROM_SIGNATURE, LEAST_TRAIL_DAYS, RetentionEvent, RetentionKind
from shared.services.access import ownership
from shared.services.access.caller import Caller
from shared.services.resources import Resources


@dataclass(frozen=True, slots=True)
class OfPatient:
    """The patient's year of birth, and until when nothing of theirs is removed by a rule."""

    birth_year: int | None = None
    keep_until: date | None = None


def listed(resources: Resources, caller: Caller) -> Sequence[RetentionRule]:
    """The practice's rules."""
    with resources.database.transaction(caller.practice_id) as db:
        ownership.audit(db, caller, "retention.list", None)
        return rows.rules(db, caller.practice_id)


def set_rule(
    resources: Resources,
    caller: Caller,
    kind: RetentionKind,
    event: RetentionEvent,
    days: int,
    grace_days: int,
) -> RetentionRule:
    """Keep this kind so many days after the event, and a grace that counts from now at the earliest.

    It works on what is older than the rule too. Raises InvalidInput for an event that the kind does not take.
    """
    if event is RetentionEvent.SIGNED and kind not in COUNTED_FROM_SIGNATURE:
        raise InvalidInput(
            "This kind is not counted from a signature. Choose session, last_session or majority.",
            "event_not_taken",
        )
    if (event is RetentionEvent.WRITTEN) != (kind is RetentionKind.TRAIL):
        raise InvalidInput(
            "The trail is counted from written, and nothing else is. Choose another event.", "event_not_taken"
        )
    if kind is RetentionKind.TRAIL and days < LEAST_TRAIL_DAYS:
        raise InvalidInput(
            f"The trail is kept for six years at least. Set {LEAST_TRAIL_DAYS} days or more.", "trail_minimum"
        )
    row = RetentionRule(
        practice_id=caller.practice_id,
        kind=kind,
        event=event,
        days=days,
        grace_days=grace_days,
        changed_by=caller.therapist_id,
    )
    with resources.database.transaction(caller.practice_id) as db:
        rows.set_rule(db, row)
        ownership.audit(db, caller, "retention.set", None, kind.value)
        return _found(rows.rule(db, caller.practice_id, kind))


def remove_rule(resources: Resources, caller: Caller, kind: RetentionKind) -> None:
    """Keep this kind without limit from now on; raises NotFound."""
    with resources.database.transaction(caller.practice_id) as db:
        db.delete(_found(rows.rule(db, caller.practice_id, kind)))
        ownership.audit(db, caller, "retention.remove", None, kind.value)


def of_patient(resources: Resources, caller: Caller, patient_id: UUID) -> OfPatient:
    """What is said of the caller's patient; raises NotFound."""
    with resources.database.transaction(caller.practice_id) as db:
        _require_patient(patients.of_therapist(db, caller.therapist_id, patient_id))
        found = rows.of_patient(db, patient_id)
        ownership.audit(db, caller, "patient.retention_read", patient_id)
    return OfPatient() if found is None else OfPatient(found.birth_year, found.keep_until)


def set_patient(resources: Resources, caller: Caller, patient_id: UUID, said: OfPatient) -> OfPatient:
    """Say it of the caller's patient, in the place of what was said; raises NotFound."""
    with resources.database.transaction(caller.practice_id) as db:
        _require_patient(patients.to_change(db, caller.therapist_id, patient_id))
        row = PatientRetention(patient_id=patient_id, practice_id=caller.practice_id)
        row.birth_year, row.keep_until = said.birth_year, said.keep_until
        rows.set_patient(db, row)
        ownership.audit(db, caller, "patient.retention_set", patient_id)
    return said


def _found(row: RetentionRule | None) -> RetentionRule:
    if row is None:
        raise NotFound("There is no rule for this kind of record.", "no_retention_rule")
    return row


def _require_patient(row: object) -> None:
    if row is None:
        raise NotFound("There is no such patient.", "patient_not_found")

"""Records of substance use disorder treatment (42 CFR Part 2): which they are, and what they may not do."""

from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.queries.privacy import consents as rows
from shared.db.queries.records import patients
from shared.domain.errors import NotFound
from shared.services.access import ownership
from shared.services.access.caller import Caller
from shared.services.resources import Resources


def flag_patient(resources: Resources, caller: Caller, patient_id: UUID, flagged: bool) -> bool:
    """Say whether all sessions of the caller's patient are such records; raises NotFound."""
    with resources.database.transaction(caller.practice_id) as db:
        if patients.to_change(db, caller.therapist_id, patient_id) is None:
            raise NotFound("There is no such patient.", "patient_not_found")
        _flag(db, caller, patient_id, patient_id, flagged)
    return flagged


def flag_session(resources: Resources, caller: Caller, session_id: UUID, flagged: bool) -> bool:
    """Say whether one session is such a record; a flag of its patient stays. Raises NotFound."""
    with resources.database.transaction(caller.practice_id) as db:
        row = ownership.own(db, caller, session_id, hold=True)
        _flag(db, caller, row.patient_id, session_id, flagged)
        return rows.is_part2(db, row.patient_id, session_id)


def _flag(db: DbSession, caller: Caller, patient_id: UUID, subject_id: UUID, flagged: bool) -> None:
    if flagged:
        rows.flag_part2(db, caller.practice_id, patient_id, subject_id, caller.therapist_id)
    else:
        rows.unflag_part2(db, patient_id, subject_id)
    ownership.audit(db, caller, "part2.flag" if flagged else "part2.unflag", subject_id)

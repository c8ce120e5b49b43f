"""Emergency access: another clinician of the practice reads one patient's record, for a day.

The reads go through the services that the patient's own therapist uses, as that therapist, in transactions in
which row-level security shows this one patient, writes nothing, and shows nothing once the access has ended.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from unicodedata import normalize
from uuid import UUID, uuid4

from sqlalchemy.orm import Session as DbSession

from shared.db.connection import clock
from shared.db.queries.people import api_keys
from shared.db.queries.privacy import emergency as rows
from shared.db.tables.core import Patient
from shared.db.tables.privacy.emergency import EmergencyAccess
from shared.domain.errors import Conflict, NotFound
from shared.services import idempotency
from shared.services.access import ownership
from shared.services.access.caller import Caller, Scope
from shared.services.access.narrowed import NarrowedDatabase
from shared.services.resources import Resources
from shared.vault.keystore import KeyDestroyed
from shared.vault.sealing import Subject, Vault

LASTS = timedelta(hours=24)
REASON = "emergency.reason"
_PATIENT_NAME = "patient.name"
_SCOPES = frozenset({Scope.PATIENTS_READ, Scope.SESSIONS_READ, Scope.NOTES_READ})


@dataclass(frozen=True, slots=True, repr=False)
class Access:
    """An emergency access with its reason opened; ``therapist``: the name of the reader."""

    id: UUID
    patient_id: UUID
    owner_id: UUID
    therapist_id: UUID
    therapist: str
    reason: str
    started_at: datetime
    until_at: datetime
    ended_at: datetime | None
    seen_at: datetime | None
    lasts: bool


def begin(
    resources: Resources, caller: Caller, reason: str, *, patient_id: UUID | None, name: str | None
) -> Access:
    """Open a colleague's patient, by id or by their whole name; raises NotFound and Conflict."""
    found = _sought(resources, caller, patient_id, name)
    subject = Subject(caller.practice_id, found.id)
    sealed = resources.vault.seal(subject, REASON, reason)
    with resources.database.transaction(caller.practice_id) as db:
        now = clock.now(db)
        row = EmergencyAccess(
            id=uuid4(),
            practice_id=caller.practice_id,
            patient_id=found.id,
            owner_id=found.therapist_id,
            therapist_id=caller.therapist_id,
            reason=sealed,
            started_at=now,
            until_at=now + LASTS,
        )
        db.add(row)
        ownership.audit(db, caller, "emergency.begin", found.id)
        idempotency.complete(resources, db, caller, row.id, 201)
        return _opened(resources.vault, db, [row])[0]


def listed(resources: Resources, caller: Caller) -> list[Access]:
    """The caller's accesses, and those of others to the caller's patients, newest first."""
    with resources.database.transaction(caller.practice_id) as db:
        ownership.audit(db, caller, "emergency.list", None)
        return _opened(resources.vault, db, rows.concerning(db, caller.therapist_id))


def unseen(resources: Resources, caller: Caller) -> list[Access]:
    """Accesses to the caller's patients that the caller has not acknowledged."""
    with resources.database.transaction(caller.practice_id) as db:
        found = rows.concerning(db, caller.therapist_id)
        mine = [row for row in found if row.owner_id == caller.therapist_id and row.seen_at is None]
        return _opened(resources.vault, db, mine)


def end(resources: Resources, caller: Caller, access_id: UUID) -> None:
    """End an access now: its holder may, and the patient's therapist. Raises NotFound."""
    with resources.database.transaction(caller.practice_id) as db:
        row = _concerning(db, caller, access_id)
        row.ended_at = row.ended_at or clock.now(db)
        ownership.audit(db, caller, "emergency.end", row.patient_id)


def acknowledge(resources: Resources, caller: Caller, access_id: UUID) -> None:
    """The patient's therapist has seen the access; raises NotFound."""
    with resources.database.transaction(caller.practice_id) as db:
        row = _concerning(db, caller, access_id)
        if row.owner_id != caller.therapist_id:
            raise _no_such_access()
        row.seen_at = row.seen_at or clock.now(db)
        ownership.audit(db, caller, "emergency.seen", row.patient_id)


def reading(resources: Resources, caller: Caller, access_id: UUID) -> tuple[Resources, Caller, UUID]:
    """Resources and caller with which services read the record, and its patient; raises NotFound.

    In the trail the reads have the actor ``emergency:`` and who reads.
    """
    with resources.database.transaction(caller.practice_id) as db:
        row = rows.lasting(db, caller.therapist_id, access_id)
    if row is None:
        raise _no_such_access()
    narrow = replace(resources, database=NarrowedDatabase(resources.database, {"app.emergency": access_id}))
    as_owner = replace(
        caller,
        therapist_id=row.owner_id,
        scopes=caller.scopes & _SCOPES,
        reads_as=f"emergency:{caller.therapist_id}",
    )
    return narrow, as_owner, row.patient_id


def _sought(resources: Resources, caller: Caller, patient_id: UUID | None, name: str | None) -> Patient:
    """The patient. That one was sought in vain is in the trail too: names could be tried unseen."""
    with resources.database.transaction(caller.practice_id) as db:
        try:
            return _patient(resources.vault, db, caller, patient_id, name)
        except (NotFound, Conflict) as error:
            wrong = error
            ownership.audit(db, caller, "emergency.refused", None, error.code)
    raise wrong


def _patient(
    vault: Vault, db: DbSession, caller: Caller, patient_id: UUID | None, name: str | None
) -> Patient:
    if patient_id is not None:
        found = [one for one in [rows.patient(db, patient_id)] if one is not None]
    else:
        wanted = _as_compared(name or "")
        others = rows.patients_of_others(db, caller.therapist_id)
        found = [one for one in others if _name_of(vault, one) == wanted]
    if not found:
        raise NotFound("There is no such patient in the practice.", "patient_not_found")
    if len(found) > 1:
        raise Conflict(
            "Several patients have this name. Ask for the id of the right one.", "several_patients"
        )
    if found[0].therapist_id == caller.therapist_id:
        raise Conflict("The patient is yours: their record is open to you.", "own_patient")
    return found[0]


def _name_of(vault: Vault, patient: Patient) -> str | None:
    try:
        opened = vault.open(Subject(patient.practice_id, patient.id), _PATIENT_NAME, patient.name)
    except KeyDestroyed:
        return None
    return _as_compared(str(opened))


def _as_compared(name: str) -> str:
    return " ".join(normalize("NFC", name).casefold().split())


def _concerning(db: DbSession, caller: Caller, access_id: UUID) -> EmergencyAccess:
    row = next((one for one in rows.concerning(db, caller.therapist_id) if one.id == access_id), None)
    if row is None:
        raise _no_such_access()
    return row


def _opened(vault: Vault, db: DbSession, found: Sequence[EmergencyAccess]) -> list[Access]:
    if not found:
        return []
    now = clock.now(db)
    names = {person.id: person.name for person in api_keys.people_of(db, found[0].practice_id)}
    return [
        Access(
            id=row.id,
            patient_id=row.patient_id,
            owner_id=row.owner_id,
            therapist_id=row.therapist_id,
            therapist=names.get(row.therapist_id, ""),
            reason=vault.open(Subject(row.practice_id, row.patient_id), REASON, row.reason),
            started_at=row.started_at,
            until_at=row.until_at,
            ended_at=row.ended_at,
            seen_at=row.seen_at,
            lasts=row.ended_at is None and row.until_at > now,
        )
        for row in found
    ]


def _no_such_access() -> NotFound:
    return NotFound("There is no such emergency access, or it has ended.", "emergency_access_not_found")

"""What a therapist sees first: what is to be answered, signed or mended, what is under way, who was seen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.connection.clock import now
from shared.db.queries.records import overview as rows
from shared.db.queries.work import progress
from shared.db.tables.core import Patient, TherapySession
from shared.domain.status import UNFINISHED, Status
from shared.services import patients
from shared.services.access import ownership
from shared.services.access.caller import Caller
from shared.services.patients import PatientRecord
from shared.services.resources import Resources
from shared.vault.keystore import KeyDestroyed
from shared.vault.sealing import Subject

LONGEST_LIST = 200
MOST_PATIENTS = 2000
_UNKNOWN = "Unknown patient"


@dataclass(frozen=True, slots=True, repr=False)
class SessionLine:
    """One session in a list; ``percent`` of the work is done."""

    id: UUID
    patient_id: UUID
    patient: str
    session_date: datetime
    status: Status
    duration_seconds: float | None
    percent: int
    error: str | None


@dataclass(frozen=True, slots=True, repr=False)
class Work:
    """The caller's sessions by what is to be done with them, as it was ``at`` a moment."""

    failed: list[SessionLine]
    to_sign: list[SessionLine]
    running: list[SessionLine]
    at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class PatientLine:
    """A patient in the list; ``last``: when recorded last; ``open``: sessions with something left to do."""

    record: PatientRecord
    sessions: int
    last: datetime | None
    open: int


def work(resources: Resources, caller: Caller) -> Work:
    """What is to be done with the caller's sessions, at most LONGEST_LIST of each kind."""
    with resources.database.transaction(caller.practice_id) as db:
        failed = rows.of_status(db, caller.therapist_id, (Status.FAILED,), LONGEST_LIST)
        to_sign = rows.unsigned(db, caller.therapist_id, LONGEST_LIST)
        running = rows.of_status(db, caller.therapist_id, UNFINISHED, LONGEST_LIST)
        names = _patients_of(db, caller, [*failed, *to_sign, *running])
        far = progress.of_sessions(db, [row.id for row in running])
        at = now(db)
        ownership.audit(db, caller, "session.list", None)
    known = _opened(resources, names)

    def lines(found: Sequence[TherapySession]) -> list[SessionLine]:
        return [_line(row, known, far.get(row.id, progress.NONE_YET).share) for row in found]

    return Work(lines(failed), lines(to_sign), lines(running), at)


def names(resources: Resources, caller: Caller, patient_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The names of these patients of the caller; those that cannot be read are left out."""
    with resources.database.transaction(caller.practice_id) as db:
        found = rows.patients(db, caller.therapist_id, set(patient_ids))
    return _opened(resources, found)


def patient_lines(resources: Resources, caller: Caller) -> list[PatientLine]:
    """The caller's patients by name, at most MOST_PATIENTS."""
    found: list[PatientRecord] = []
    after = None
    while len(found) < MOST_PATIENTS:
        page = patients.page(resources, caller, limit=100, after=after)
        found += page.items
        if page.next_cursor is None:
            break
        after = (page.items[-1].created_at, page.items[-1].id)
    with resources.database.transaction(caller.practice_id) as db:
        seen = rows.seen(db, caller.therapist_id)
    lines = [PatientLine(record, *seen.get(record.id, (0, None, 0))) for record in found]
    return sorted(lines, key=lambda line: line.record.name.casefold())


def _patients_of(db: DbSession, caller: Caller, found: Sequence[TherapySession]) -> Sequence[Patient]:
    return rows.patients(db, caller.therapist_id, {row.patient_id for row in found})


def _opened(resources: Resources, found: Iterable[Patient]) -> dict[UUID, str]:
    known = {}
    for patient in found:
        try:
            subject = Subject(patient.practice_id, patient.id)
            known[patient.id] = str(resources.vault.open(subject, patients.NAME, patient.name))
        except KeyDestroyed:  # deleted since the row was read
            continue
    return known


def _line(row: TherapySession, known: dict[UUID, str], share: float) -> SessionLine:
    return SessionLine(
        id=row.id,
        patient_id=row.patient_id,
        patient=known.get(row.patient_id, _UNKNOWN),
        session_date=row.session_date,
        status=Status(row.status),
        duration_seconds=row.duration_seconds,
        percent=round(share * 100),
        error=row.error_detail,
    )

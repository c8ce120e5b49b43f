"""Who saw a patient's record: the audit trail about it in plain words, for the patient."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.queries.people import api_keys
from shared.db.queries.privacy import audit, disclosures
from shared.db.queries.privacy.audit import Filter
from shared.db.queries.records import patients
from shared.db.tables.core import AuditEvent, Patient
from shared.domain.disclosures import EXPORT, SENT_TO_ENGINE, read_code
from shared.domain.errors import InvalidInput, NotFound
from shared.services.access import ownership
from shared.services.access.caller import Caller, Scope
from shared.services.audit_trail import wording
from shared.services.patients import NAME
from shared.services.resources import Resources
from shared.vault.sealing import Subject

MOST = 5000  # entries at once: a document of more would keep a thread busy for long
_TOGETHER = timedelta(minutes=10)


class Kind(StrEnum):
    """What was done with the record."""

    READ = "read"
    CHANGE = "change"
    EXPORT = "export"
    SENT_AWAY = "sent_away"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that was done with the record; ``times`` in a row within minutes, the last one ``at``."""

    at: datetime
    who: str
    what: str
    about: str
    kind: Kind
    session_id: UUID | None
    recipient: str | None = None
    purpose: str | None = None
    form: str | None = None
    times: int = 1

    @property
    def sentence(self) -> str:
        """The entry without its time: "A. Therapist read the notes (session of 2026-05-12), 3 times"."""
        again = f", {self.times} times" if self.times > 1 else ""
        return f"{self.who} {self.what} ({self.about}){again}"


@dataclass(frozen=True, slots=True)
class AccessLog:
    """The entries, newest first; ``patient``: the name, None for callers who read no content."""

    patient_id: UUID
    patient: str | None
    entries: list[Entry]

    def __repr__(self) -> str:
        return f"AccessLog({self.patient_id}, {len(self.entries)} entries)"


def read(
    resources: Resources,
    caller: Caller,
    patient_id: UUID,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    code: str | None = None,
) -> AccessLog:
    """Who did what with the patient's record; ``code``: in which form that is given out.

    Raises NotFound, NotAllowed, and InvalidInput where there are more than MOST entries.
    """
    with resources.database.transaction(caller.practice_id) as db:
        patient = require_patient(db, caller, patient_id)
        events = lines_about(db, caller.practice_id, patient_id, since, until)
        entries = entries_of(db, caller.practice_id, patient_id, events)
        ownership.audit(db, caller, "access_log.read", patient_id, code)
    subject = Subject(caller.practice_id, patient_id)
    name = None if patient is None else str(resources.vault.open(subject, NAME, patient.name))
    return AccessLog(patient_id, name, _together(entries))


def require_patient(db: DbSession, caller: Caller, patient_id: UUID) -> Patient | None:
    """The caller's patient; None for auditors, who may ask about any patient of the practice.

    Raises NotFound and NotAllowed.
    """
    if Scope.AUDIT_READ not in caller.scopes:
        caller.need(Scope.PATIENTS_READ)
        if (patient := patient_of(db, caller, patient_id)) is None:
            raise no_such_patient()
        return patient
    if not disclosures.is_patient(db, caller.practice_id, patient_id):
        raise no_such_patient()
    return None


def patient_of(db: DbSession, caller: Caller, patient_id: UUID) -> Patient | None:
    """The caller's own patient."""
    return patients.of_therapist(db, caller.therapist_id, patient_id)


def lines_about(
    db: DbSession, practice_id: UUID, patient_id: UUID, since: datetime | None, until: datetime | None
) -> list[AuditEvent]:
    """The lines about the patient and their sessions, newest first; raises InvalidInput if too many."""
    subjects = frozenset({patient_id, *audit.sessions_of(db, practice_id, patient_id)})
    wanted = Filter(subjects=subjects, since=since, until=until)
    found = audit.page(db, practice_id, wanted, before=None, limit=MOST + 1)
    if len(found) > MOST:
        raise InvalidInput(
            f"There are more than {MOST} entries. Ask for less at once, with since and until.",
            "too_many_entries",
        )
    return list(found)


def entries_of(
    db: DbSession, practice_id: UUID, patient_id: UUID, events: Iterable[AuditEvent]
) -> list[Entry]:
    """The lines in plain words."""
    people = {str(person.id): person.name for person in api_keys.people_of(db, practice_id)}
    dates = disclosures.session_dates(db, practice_id, patient_id)
    return [_entry(event, people, dates, patient_id) for event in events]


def _entry(event: AuditEvent, people: dict[str, str], dates: dict[UUID, datetime], patient_id: UUID) -> Entry:
    given = read_code(event.code)
    kind = kind_of(event.action)
    is_given = kind in (Kind.EXPORT, Kind.SENT_AWAY)
    return Entry(
        at=event.at,
        who=wording.actor(event.actor, people),
        what=wording.action(event.action, given if is_given else None),
        about=wording.about(event.subject_id, patient_id, dates),
        kind=kind,
        session_id=None if event.subject_id == patient_id else event.subject_id,
        recipient=given.recipient if is_given else None,
        purpose=given.purpose if is_given else None,
        form=given.what if is_given else None,
    )


def kind_of(action: str) -> Kind:
    """What an action of the trail does with a record."""
    if action.startswith("refused."):
        return Kind.REFUSED
    if action == SENT_TO_ENGINE:
        return Kind.SENT_AWAY
    if action.endswith(EXPORT):
        return Kind.EXPORT
    return Kind.READ if action.rpartition(".")[2] in wording.READING else Kind.CHANGE


def _together(entries: list[Entry]) -> list[Entry]:
    """Equal entries that follow each other within minutes as one: a player asks for a recording in parts."""
    found: list[Entry] = []
    for entry in entries:
        last = found[-1] if found else None
        same = last is not None and replace(last, at=entry.at, times=1) == entry
        if last is not None and same and last.at - entry.at <= _TOGETHER:
            found[-1] = replace(last, times=last.times + 1)
        else:
            found.append(entry)
    return found


def no_such_patient() -> NotFound:
    """The answer for a patient who is not there, and for one of another therapist."""
    return NotFound("There is no such patient.", "patient_not_found")

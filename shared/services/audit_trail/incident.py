"""The report of an incident: what a key, a person or an address did with which records, and what to do now.

It is found in the audit trail. Nothing is revoked by it.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from shared.db.queries.people import api_keys
from shared.db.queries.privacy import audit, incidents
from shared.db.queries.privacy.audit import Filter
from shared.db.queries.privacy.incidents import Credential, Owner
from shared.db.tables.core import AuditEvent
from shared.db.tables.privacy.emergency import EmergencyAccess
from shared.domain.errors import InvalidInput
from shared.services.access import ownership
from shared.services.access.caller import Caller
from shared.services.audit_trail.access_log import Kind, kind_of
from shared.services.resources import Resources

_AT_ONCE = 1000
_NEW_KEYS = ("key.create", "key.rotate", "enrolment.redeem")
# Lists show the names of all patients of the one who asks.
_LISTS = ("patient.list", "session.list", "sessions.follow")


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What is suspected, and in which time: at least a key, a person, an address or a beginning."""

    key_id: UUID | None = None
    person_id: UUID | None = None
    address: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(slots=True)
class Affected:
    """A patient, with how often their record was read, exported and changed."""

    patient_id: UUID
    therapist_id: UUID
    sessions: set[UUID] = field(default_factory=set)
    reads: int = 0
    exports: int = 0
    changes: int = 0
    actions: Counter[str] = field(default_factory=Counter)

    @property
    def only_listed(self) -> bool:
        """Whether nothing of the record but the name in a list can have been seen."""
        return not (self.reads or self.exports or self.changes)


@dataclass(frozen=True, slots=True)
class Used:
    """A credential that was used, or made, and whose it is. ``made``: by one of the others."""

    id: UUID
    kind: str
    person_id: UUID
    person: str
    ended_at: datetime | None
    made: bool


@dataclass(slots=True)
class Report:
    """What is known of the incident; ``practice``: actions that concern no patient, such as new keys.

    ``emergencies``: accesses to colleagues' patients that the people held whose credentials were used.
    """

    lines: int = 0
    refused: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    addresses: Counter[str] = field(default_factory=Counter)
    practice: Counter[str] = field(default_factory=Counter)
    patients: list[Affected] = field(default_factory=list)
    credentials: list[Used] = field(default_factory=list)
    emergencies: list[EmergencyAccess] = field(default_factory=list)

    @property
    def steps(self) -> list[str]:
        """What to run now, as commands."""
        usable = [used for used in self.credentials if not used.ended_at]
        keys = [used.id for used in usable if used.kind == incidents.API_KEY]
        people = {used.person_id for used in usable if used.kind == incidents.BROWSER}
        return [
            *(f"sessionscribe keys revoke {key_id}" for key_id in keys),
            *(f"sessionscribe therapists disable {person_id}" for person_id in sorted(people, key=str)),
        ]


def report(resources: Resources, caller: Caller, suspicion: Suspicion) -> Report:
    """What the trail says of it; that it was asked is a line. Raises InvalidInput if nothing is suspected."""
    if suspicion == Suspicion(until=suspicion.until):
        raise InvalidInput("Say what is suspected: key_id, person_id, address or since.", "no_suspicion")
    found, patients, named = Report(), dict[UUID, Affected](), _Named()
    for events, owners in _looks(resources, caller.practice_id, suspicion):
        for event in events:
            _count(found, event)
            named.add(event)
            _concern(found, patients, event, owners)
    with resources.database.transaction(caller.practice_id) as db:
        for owner in incidents.patients_of(db, caller.practice_id, named.listed):
            patients.setdefault(owner.patient_id, Affected(owner.patient_id, owner.therapist_id))
        people = {person.id: person.name for person in api_keys.people_of(db, caller.practice_id)}
        credentials = incidents.credentials(db, caller.practice_id, named.used | named.made)
        holders = _holders(suspicion, [one for one in credentials if one.id in named.used])
        found.emergencies = list(
            incidents.emergency_accesses(db, caller.practice_id, holders, suspicion.since, suspicion.until)
        )
        ownership.audit(db, caller, "incident.report", suspicion.key_id or suspicion.person_id)
    found.patients = sorted(
        patients.values(), key=lambda one: (-one.exports, -one.reads, str(one.patient_id))
    )
    found.credentials = [_used(one, people, one.id not in named.used) for one in credentials]
    return found


@dataclass(slots=True)
class _Named:
    """What the lines name: credentials that were used or made, and therapists whose patients were listed."""

    used: set[UUID] = field(default_factory=set)
    made: set[UUID] = field(default_factory=set)
    listed: set[UUID] = field(default_factory=set)

    def add(self, event: AuditEvent) -> None:
        """Note what one line names."""
        if event.key_id is not None:
            self.used.add(event.key_id)
        if event.action in _NEW_KEYS and event.subject_id is not None:
            self.made.add(event.subject_id)
        if event.action in _LISTS:
            self.listed |= _therapist(event)


def _looks(
    resources: Resources, practice_id: UUID, suspicion: Suspicion
) -> Iterator[tuple[list[AuditEvent], dict[UUID, Owner]]]:
    """The lines, newest first, and whose records they are about."""
    wanted = Filter(
        person_id=suspicion.person_id,
        key_id=suspicion.key_id,
        address=suspicion.address,
        since=suspicion.since,
        until=suspicion.until,
    )
    before = None
    while True:
        with resources.database.transaction(practice_id) as db:
            events = list(audit.page(db, practice_id, wanted, before=before, limit=_AT_ONCE))
            subjects = {event.subject_id for event in events if event.subject_id is not None}
            owners = incidents.owners(db, practice_id, subjects)
        yield events, owners
        if len(events) < _AT_ONCE:
            return
        before = events[-1].id


def _count(found: Report, event: AuditEvent) -> None:
    found.lines += 1
    found.last_at = found.last_at or event.at
    found.first_at = event.at
    if event.address is not None:
        found.addresses[event.address] += 1


def _concern(
    found: Report, patients: dict[UUID, Affected], event: AuditEvent, owners: dict[UUID, Owner]
) -> None:
    kind = kind_of(event.action)
    owner = owners.get(event.subject_id) if event.subject_id is not None else None
    if kind == Kind.REFUSED:
        found.refused += 1
    elif owner is None:
        found.practice[event.action] += 1
    else:
        affected = patients.setdefault(owner.patient_id, Affected(owner.patient_id, owner.therapist_id))
        affected.reads += kind == Kind.READ
        affected.exports += kind in (Kind.EXPORT, Kind.SENT_AWAY)
        affected.changes += kind == Kind.CHANGE
        affected.actions[event.action] += 1
        if owner.session_id is not None:
            affected.sessions.add(owner.session_id)


def _holders(suspicion: Suspicion, used: list[Credential]) -> set[UUID]:
    """The person under suspicion, and those whose credentials were used."""
    suspected = set() if suspicion.person_id is None else {suspicion.person_id}
    return suspected | {one.person_id for one in used}


def _therapist(event: AuditEvent) -> set[UUID]:
    role, _, person = event.actor.partition(":")
    return {UUID(person)} if role == "therapist" else set()


def _used(one: Credential, people: dict[UUID, str], made: bool) -> Used:
    return Used(one.id, one.kind, one.person_id, people.get(one.person_id, ""), one.ended_at, made)

"""The accounting of disclosures: what of a patient's record left the system, to whom and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session as DbSession

from shared.db.connection import clock
from shared.db.queries.people import api_keys
from shared.db.queries.privacy import disclosures as rows
from shared.db.tables.core import AuditEvent
from shared.db.tables.privacy.audit import Disclosure
from shared.domain.disclosures import read_code
from shared.domain.errors import InvalidInput, NotFound
from shared.services import idempotency
from shared.services.access import ownership
from shared.services.access.caller import Caller, Scope
from shared.services.audit_trail import access_log, wording
from shared.services.audit_trail.access_log import Entry, Kind
from shared.services.resources import Resources
from shared.vault.keystore import KeyDestroyed
from shared.vault.sealing import Subject

RECORDED = "recorded"
DETAILS = "disclosure.details"


@dataclass(frozen=True, slots=True, repr=False)
class Given:
    """A disclosure. ``kind``: ``export``, ``engine`` (a processor of the practice) or ``recorded``.

    ``recipient`` is a word of ours for exports, an engine's name, or what a person wrote; None where it was
    not said, or is sealed from the caller. ``id`` only of those that were recorded.
    """

    at: datetime
    kind: str
    by: str
    what: str
    recipient: str | None
    purpose: str | None
    session_id: UUID | None
    id: UUID | None = None


@dataclass(frozen=True, slots=True, repr=False)
class New:
    """A disclosure to record; ``at`` None: now."""

    recipient: str
    what: str
    purpose: str
    session_id: UUID | None = None
    at: datetime | None = None


def listed(
    resources: Resources,
    caller: Caller,
    patient_id: UUID,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Given]:
    """All disclosures, newest first. Raises NotFound, NotAllowed, and InvalidInput as ``access_log.read``."""
    with resources.database.transaction(caller.practice_id) as db:
        access_log.require_patient(db, caller, patient_id)
        events = [
            event
            for event in access_log.lines_about(db, caller.practice_id, patient_id, since, until)
            if access_log.kind_of(event.action) in (Kind.EXPORT, Kind.SENT_AWAY)
        ]
        entries = access_log.entries_of(db, caller.practice_id, patient_id, events)
        recorded = rows.recorded(db, caller.practice_id, patient_id, since, until)
        people = {person.id: person.name for person in api_keys.people_of(db, caller.practice_id)}
        ownership.audit(db, caller, "disclosures.read", patient_id)
    found = [_of_trail(event, entry) for event, entry in zip(events, entries, strict=True)]
    found += [_of_row(resources, caller, row, people) for row in recorded]
    return sorted(found, key=lambda given: given.at, reverse=True)


def record(resources: Resources, caller: Caller, patient_id: UUID, new: New) -> Given:
    """Record a disclosure that the service did not make itself: on paper, by telephone, from a file.

    Raises NotFound (the patient, the session) and InvalidInput (a time that is still to come).
    """
    with resources.database.transaction(caller.practice_id) as db:
        caller.need(Scope.PATIENTS_WRITE)
        row = _row(db, resources, caller, patient_id, new)
        rows.add(db, row)
        ownership.audit(db, caller, "disclosure.record", new.session_id or patient_id)
        people = {person.id: person.name for person in api_keys.people_of(db, caller.practice_id)}
        idempotency.complete(resources, db, caller, row.id, 201)
    return _of_row(resources, caller, row, people)


def _row(db: DbSession, resources: Resources, caller: Caller, patient_id: UUID, new: New) -> Disclosure:
    if access_log.patient_of(db, caller, patient_id) is None:
        raise access_log.no_such_patient()
    if new.session_id is not None and ownership.own(db, caller, new.session_id).patient_id != patient_id:
        raise ownership.no_such_session()
    now = clock.now(db)
    if new.at is not None and new.at > now:
        raise InvalidInput("at is still to come.", "date_in_future", fields={"at": ["Still to come."]})
    details = {"recipient": new.recipient, "what": new.what}
    return Disclosure(
        id=uuid4(),
        practice_id=caller.practice_id,
        patient_id=patient_id,
        session_id=new.session_id,
        disclosed_at=new.at or now,
        recorded_by=caller.therapist_id,
        purpose=new.purpose,
        details=resources.vault.seal(Subject(caller.practice_id, patient_id), DETAILS, details),
    )


def again(resources: Resources, caller: Caller, patient_id: UUID, disclosure_id: UUID) -> Given:
    """One that was recorded; raises NotFound."""
    for given in listed(resources, caller, patient_id):
        if given.id == disclosure_id:
            return given
    raise NotFound("There is no such disclosure.", "disclosure_not_found")


def _of_trail(event: AuditEvent, entry: Entry) -> Given:
    return Given(
        at=entry.at,
        kind="engine" if entry.kind == Kind.SENT_AWAY else "export",
        by=entry.who,
        what=wording.what_left(event.action, read_code(event.code)),
        recipient=entry.recipient,
        purpose=entry.purpose,
        session_id=entry.session_id,
    )


def _of_row(resources: Resources, caller: Caller, row: Disclosure, people: Mapping[UUID, str]) -> Given:
    details: dict[str, Any] = {}
    if Scope.AUDIT_READ not in caller.scopes:  # who reads the trail reads no content
        try:
            details = resources.vault.open(Subject(row.practice_id, row.patient_id), DETAILS, row.details)
        except KeyDestroyed:
            details = {}
    return Given(
        at=row.disclosed_at,
        kind=RECORDED,
        by=people.get(row.recorded_by, "A person no longer known here"),
        what=details.get("what", "sealed"),
        recipient=details.get("recipient"),
        purpose=row.purpose,
        session_id=row.session_id,
        id=row.id,
    )

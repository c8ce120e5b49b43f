"""Giving and withdrawing consent by scope and person: rows are added, none is ever changed."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from unicodedata import normalize
from uuid import UUID, uuid4

from sqlalchemy.orm import Session as DbSession

from shared.db.connection import clock
from shared.db.queries.privacy import consents as rows
from shared.db.queries.records import patients
from shared.db.tables.core import Patient
from shared.db.tables.privacy.consent import ConsentRow, Participant
from shared.domain.consent import ConsentEvent, ConsentScope, ConsentState
from shared.domain.errors import InvalidInput, NotFound
from shared.services import idempotency
from shared.services.access import consent, ownership
from shared.services.access.caller import Caller
from shared.services.consents import evidence
from shared.services.lifecycle import cancellation
from shared.services.resources import Resources
from shared.vault.sealing import Subject

NAME, TEXT = "participant.name", "consent.text"


class InvalidConsent(InvalidInput):
    """The parts of a consent do not go together; ``fields`` says which."""

    default_code = "invalid_consent"


@dataclass(frozen=True, slots=True, repr=False)
class Statement:
    """What a person said: consent given or withdrawn, to which scopes, when and how.

    ``participant_id`` None: the patient. ``text``: the words that they agreed to, or ``text_sha256`` of them.
    """

    event: ConsentEvent
    scopes: tuple[ConsentScope, ...]
    on: datetime | None = None
    method: str | None = None
    expires_on: datetime | None = None
    text: str | None = None
    text_sha256: str | None = None
    participant_id: UUID | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """The patient (``id`` None, no name) or another who takes part, and where their consents stand."""

    id: UUID | None
    name: str | None
    left_at: datetime | None
    states: dict[ConsentScope, ConsentState]


@dataclass(frozen=True, slots=True, repr=False)
class Consents:
    """Who takes part, what may be done now, and all that was ever said."""

    people: Sequence[Person]
    allowed: dict[ConsentScope, bool]
    history: Sequence[dict[str, Any]]
    is_part2: bool = False
    evidence: Sequence[dict[str, Any]] = ()


def read(resources: Resources, caller: Caller, patient_id: UUID) -> Consents:
    """The consents of the caller's patient; raises NotFound."""
    with resources.database.transaction(caller.practice_id) as db:
        _found(patients.of_therapist(db, caller.therapist_id, patient_id))
        ownership.audit(db, caller, "consent.read", patient_id)
        return _read(resources, db, Subject(caller.practice_id, patient_id))


def say(resources: Resources, caller: Caller, patient_id: UUID, said: Statement) -> Consents:
    """Add what was said; raises NotFound and InvalidConsent.

    A scope that is withdrawn ends that use alone. Only without a consent to be recorded is the work on
    unfinished sessions cancelled.
    """
    subject = Subject(caller.practice_id, patient_id)
    with resources.database.transaction(caller.practice_id) as db:
        patient = _found(patients.to_change(db, caller.therapist_id, patient_id))
        now = clock.now(db)
        _check(said, now)
        if said.participant_id and rows.participant(db, patient_id, said.participant_id) is None:
            raise _no_such_participant()
        _add(resources, db, caller, subject, said, said.on or now)
        stopped: list[Subject] = []
        if ConsentScope.RECORDING in said.scopes:
            if said.participant_id is None:
                _keep_columns(patient, said, said.on or now)
                db.flush()
            if said.event is ConsentEvent.WITHDRAWN:
                stopped = cancellation.stop_all_of(db, caller, patient_id)
        idempotency.complete(resources, db, caller, patient_id, 201)
        result = _read(resources, db, subject)
    for session in stopped:
        cancellation.discard_decoded(resources, session)
    return result


def add_participant(resources: Resources, caller: Caller, patient_id: UUID, name: str) -> UUID:
    """A person takes part from now on; nothing is recorded until they consent. Raises NotFound."""
    with resources.database.transaction(caller.practice_id) as db:
        _found(patients.of_therapist(db, caller.therapist_id, patient_id))
    made = Participant(
        id=uuid4(),
        practice_id=caller.practice_id,
        patient_id=patient_id,
        name=resources.vault.seal(Subject(caller.practice_id, patient_id), NAME, normalize("NFC", name)),
    )
    with resources.database.transaction(caller.practice_id) as db:
        _found(patients.to_change(db, caller.therapist_id, patient_id))
        db.add(made)
        ownership.audit(db, caller, "participant.add", patient_id, str(made.id))
        idempotency.complete(resources, db, caller, patient_id, 201)
    return made.id


def remove_participant(resources: Resources, caller: Caller, patient_id: UUID, participant_id: UUID) -> None:
    """They take part no longer; their history stays. Raises NotFound."""
    with resources.database.transaction(caller.practice_id) as db:
        _found(patients.to_change(db, caller.therapist_id, patient_id))
        if rows.participant(db, patient_id, participant_id) is None:
            raise _no_such_participant()
        rows.leave(db, participant_id)
        ownership.audit(db, caller, "participant.leave", patient_id, str(participant_id))


def check_not_ahead(field: str, when: datetime | None, now: datetime) -> None:
    """Raise InvalidConsent for a time that is still to come."""
    if when is not None and when > now + consent.MOST_AHEAD:
        raise InvalidConsent(
            f"{field} is in the future. Send the day on which it was said, today at the latest.",
            fields={field: ["Is in the future."]},
        )


def _check(said: Statement, now: datetime) -> None:
    check_not_ahead("on", said.on, now)
    if said.event is ConsentEvent.GIVEN:
        if said.method is None:
            raise _invalid("method", "Say how the consent was given: written, verbal or electronic.")
    elif any((said.method, said.expires_on, said.text, said.text_sha256)):
        raise _invalid("event", "A withdrawal has no method, expiry or text. Leave these out.")
    if said.expires_on is not None and said.expires_on <= now:
        raise _invalid("expires_on", "The consent would have expired already. Send a later day, or none.")
    if said.text and said.text_sha256 and said.text_sha256 != _sha256(said.text):
        raise _invalid("text_sha256", "text_sha256 is not the hash of text. Send one of the two.")


def _invalid(field: str, sentence: str) -> InvalidConsent:
    return InvalidConsent(sentence, fields={field: [sentence]})


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _add(
    resources: Resources, db: DbSession, caller: Caller, subject: Subject, said: Statement, at: datetime
) -> None:
    sealed = resources.vault.seal(subject, TEXT, said.text) if said.text else None
    added = [
        ConsentRow(
            practice_id=subject.practice_id,
            patient_id=subject.id,
            participant_id=said.participant_id,
            scope=scope,
            event=said.event,
            at=at,
            method=said.method,
            expires_at=said.expires_on,
            text_sha256=_sha256(said.text) if said.text else said.text_sha256,
            text=sealed,
            recorded_by=caller.therapist_id,
        )
        for scope in ConsentScope
        if scope in said.scopes
    ]
    rows.add(db, added)
    for scope in said.scopes:
        what = f"{scope}:{said.participant_id}" if said.participant_id else scope.value
        ownership.audit(db, caller, f"consent.{said.event}", subject.id, what)


def _keep_columns(patient: Patient, said: Statement, at: datetime) -> None:
    """The patient's columns say what the newest row says; the trigger sees that and adds nothing."""
    if said.event is ConsentEvent.GIVEN:
        patient.consent_given_at, patient.consent_method, patient.consent_revoked_at = at, said.method, None
    elif patient.consent_given_at is not None:
        patient.consent_revoked_at = at


def _read(resources: Resources, db: DbSession, subject: Subject) -> Consents:
    by_scope = {scope: rows.states(db, subject.id, scope) for scope in ConsentScope}

    def states_of(person: UUID | None) -> dict[ConsentScope, ConsentState]:
        return {scope: found[person] for scope, found in by_scope.items() if person in found}

    people = [Person(None, None, None, states_of(None))]
    for one in rows.participants(db, subject.id):
        name = resources.vault.open(subject, NAME, one.name)
        people.append(Person(one.id, name, one.left_at, states_of(one.id)))
    allowed = {
        scope: all(state is ConsentState.IN_FORCE for state in found.values())
        for scope, found in by_scope.items()
    }
    entries = [_entry(resources, subject, row) for row in rows.history(db, subject.id)]
    return Consents(people, allowed, entries, rows.is_part2(db, subject.id), evidence.listed(db, subject.id))


def _entry(resources: Resources, subject: Subject, row: ConsentRow) -> dict[str, Any]:
    return {
        "number": row.number,
        "participant_id": row.participant_id,
        "scope": row.scope,
        "event": row.event,
        "on": row.at,
        "method": row.method,
        "expires_on": row.expires_at,
        "text_sha256": row.text_sha256,
        "text": resources.vault.open(subject, TEXT, row.text) if row.text else None,
        "recorded_at": row.recorded_at,
        "recorded_by": row.recorded_by,
    }


def _found(patient: Patient | None) -> Patient:
    if patient is None:
        raise NotFound("There is no such patient.", "patient_not_found")
    return patient


def _no_such_participant() -> NotFound:
    return NotFound(
        "There is no such participant; those that left are not named either.", "participant_not_found"
    )

"""Enrolment: an administrator issues a one-time code, and the person redeems it for their first key.

An administrator who could make keys for others could read their records. A code is therefore issued only
for a person who has not begun to work. After that the person makes keys with their own key; if all are
lost, the operator of the server issues a code there (``sessionscribe recover``).
"""

import hmac
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy.orm import Session as DbSession

from shared.db.connection import clock
from shared.db.queries.people import api_keys
from shared.db.queries.people import enrolment as codes
from shared.db.tables.core import ApiKey, Therapist
from shared.db.tables.enrolment import EnrolmentCode
from shared.domain.errors import Conflict, NotAuthenticated, NotFound
from shared.services.access.caller import SCOPES_OF_ROLE, THERAPIST_SCOPES, Caller, Scope
from shared.services.accounts import accounts, credentials
from shared.services.resources import Resources

CODE_HOURS = 72


@dataclass(frozen=True, slots=True)
class IssuedCode:
    """A code, which is never shown again."""

    therapist_id: UUID
    expires_at: datetime
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class WantedKey:
    """The key that a person asks for; ``scopes`` None: the usual ones of their role, and ``keys``."""

    label: str = ""
    scopes: Collection[Scope] | None = None
    expires_in_days: int | None = accounts.DEFAULT_EXPIRY_DAYS
    networks: Sequence[str] | None = None


def issue(resources: Resources, caller: Caller, therapist_id: UUID) -> IssuedCode:
    """A code for a person of the caller's practice; earlier ones of the person end.

    Raises NotFound, or Conflict if the person is disabled or has begun to work.
    """
    with resources.database.transaction(caller.practice_id) as db:
        person = _person(db, caller.practice_id, therapist_id)
        if codes.has_begun(db, person.id):
            raise _has_begun()
        return add_code(resources, db, person, caller)


def issue_on_server(resources: Resources, practice_id: UUID, therapist_id: UUID) -> IssuedCode:
    """As ``issue``, by the operator of the server, also for a person who has lost all their keys."""
    with resources.database.transaction(practice_id) as db:
        return add_code(resources, db, _person(db, practice_id, therapist_id), None)


def recover(resources: Resources, therapist_id: UUID) -> IssuedCode:
    """As ``issue_on_server``, where the practice is not known."""
    with resources.database.operating() as db:
        practice_id = api_keys.practice_of(db, therapist_id)
    if practice_id is None:
        raise _no_such_person()
    return issue_on_server(resources, practice_id, therapist_id)


def add_code(resources: Resources, db: DbSession, person: Therapist, caller: Caller | None) -> IssuedCode:
    """A code of ``person``, within a transaction; ``caller`` None: the command line on the server."""
    codes.void(db, person.id)
    credential = credentials.mint(credentials.ENROLMENT)
    row = EnrolmentCode(
        id=uuid4(),
        practice_id=person.practice_id,
        therapist_id=person.id,
        prefix=credential.prefix,
        digest=credential.digest(resources.vault.keys.pepper),
        issued_by=caller.therapist_id if caller else None,
        expires_at=clock.now(db) + timedelta(hours=CODE_HOURS),
    )
    db.add(row)
    db.flush()
    accounts.record(db, person.practice_id, "enrolment.issue", person.id, caller)
    return IssuedCode(person.id, row.expires_at, credential.secret)


def redeem(
    resources: Resources,
    presented: str,
    wanted: WantedKey,
    request_id: str | None = None,
    address: str | None = None,
) -> tuple[ApiKey, str]:
    """The person's key and its secret, for a code that ends with it.

    Raises NotAuthenticated, with one text for every fault of the code; InvalidInput (scopes,
    expiry) and Conflict (the person is disabled) leave it as it was.
    """
    accounts.check_expiry(wanted.expires_in_days)
    credential = credentials.read(presented, credentials.ENROLMENT)
    practice_id = None
    if credential is not None:
        with resources.database.operating() as db:
            practice_id = codes.practice_of(db, credential.prefix)
    if credential is None or practice_id is None:
        raise _refused()
    with resources.database.transaction(practice_id) as db:
        row = codes.redeemable(db, credential.prefix)
        digest = credential.digest(resources.vault.keys.pepper)
        if row is None or not hmac.compare_digest(digest, row.digest):
            raise _refused()
        if row.issued_by is not None and codes.has_begun(db, row.therapist_id):
            raise _refused()
        row.redeemed_at = clock.now(db)
        person = _person(db, practice_id, row.therapist_id)
        may = SCOPES_OF_ROLE[person.role]
        # The trail names the code as the credential with which the key was made.
        whole = Caller(practice_id, person.id, person.role, may, row.id, request_id, address)
        accounts.record(db, practice_id, "enrolment.redeem", person.id, whole)
        scopes = wanted.scopes or _usual(person.role)
        return accounts.add_key(
            resources, db, person, scopes, wanted.label, wanted.expires_in_days, whole, wanted.networks
        )


def _usual(role: str) -> Collection[Scope] | None:
    return THERAPIST_SCOPES | {Scope.KEYS} if role == accounts.THERAPIST else None


def _person(db: DbSession, practice_id: UUID, therapist_id: UUID) -> Therapist:
    person = api_keys.therapist(db, practice_id, therapist_id)
    if person is None:
        raise _no_such_person()
    if person.disabled_at is not None:
        raise Conflict("The person is disabled; enable them first.", "therapist_disabled")
    return person


def _no_such_person() -> NotFound:
    return NotFound("There is no such person in this practice.", "therapist_not_found")


def _has_begun() -> Conflict:
    return Conflict(
        "The person has used a key, and makes further ones with it. If all their keys are lost, the operator "
        "of the server issues a code with `sessionscribe recover`.",
        "already_enrolled",
    )


def _refused() -> NotAuthenticated:
    return NotAuthenticated(
        "The enrolment code is unknown, used, replaced or expired. Ask an administrator for a new one.",
        "enrolment_code_refused",
    )

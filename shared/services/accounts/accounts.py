"""Accounts: practices, the people in them, and the keys they call with."""

import hmac
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

import structlog
from sqlalchemy.orm import Session as DbSession

from shared.db.connection import clock
from shared.db.queries import api_keys, audit
from shared.db.tables.core import ApiKey, Practice, Therapist
from shared.domain.errors import Conflict, InvalidInput, NotAllowed, NotAuthenticated, NotFound
from shared.services import idempotency
from shared.services.access.caller import (
    ADMINISTRATOR_SCOPES,
    SCOPES_OF_ROLE,
    THERAPIST_SCOPES,
    Caller,
    Scope,
)
from shared.services.accounts import credentials
from shared.services.resources import Resources

log = structlog.get_logger(__name__)

ADMINISTRATOR, THERAPIST = "administrator", "therapist"
DEFAULT_EXPIRY_DAYS = 90
MAX_EXPIRY_DAYS = 365
_SERVER = "server"  # how the audit trail names the command line on the server itself
_USE_IS_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class FirstAccounts:
    """What ``bootstrap`` found or made; the keys only if it made them (they are shown once).

    ``administrator_code``: with which a first administrator signs in with a browser, while none does.
    """

    practice_id: UUID
    administrator_id: UUID
    therapist_id: UUID
    administrator_key: str | None = field(default=None, repr=False)
    therapist_key: str | None = field(default=None, repr=False)
    administrator_code: str | None = field(default=None, repr=False)


def create_practice(resources: Resources, name: str) -> Practice:
    """A new practice."""
    practice_id = uuid4()
    with resources.database.transaction(practice_id) as db:
        return _add_practice(db, practice_id, name)


def create_therapist(resources: Resources, practice_id: UUID, name: str, role: str = THERAPIST) -> Therapist:
    """A new person in the practice, ``therapist`` or ``administrator``."""
    with resources.database.transaction(practice_id) as db:
        return add_person(db, practice_id, name, role)


def create_key(
    resources: Resources,
    practice_id: UUID,
    therapist_id: UUID,
    scopes: Collection[Scope] | None = None,
    label: str = "",
    expires_in_days: int | None = DEFAULT_EXPIRY_DAYS,
    caller: Caller | None = None,
) -> tuple[ApiKey, str]:
    """A new key of a person in the practice, and its secret, which is never shown again.

    ``scopes`` None: all that the person's role may have, without ``keys`` for a therapist.
    ``expires_in_days`` None: never. ``caller`` None: the command line on the server. Raises
    NotFound, NotAllowed (a therapist asks for somebody else), Conflict (the person is disabled)
    or InvalidInput (scopes, expiry).
    """
    check_expiry(expires_in_days)
    with resources.database.transaction(practice_id) as db:
        person = api_keys.therapist(db, practice_id, therapist_id)
        if caller is not None and caller.role != ADMINISTRATOR and caller.therapist_id != therapist_id:
            raise NotAllowed("Only an administrator makes keys for others.", "not_your_key")
        if person is None:
            raise NotFound("There is no such person in this practice.", "therapist_not_found")
        made = add_key(resources, db, person, scopes, label, expires_in_days, caller)
        if caller is not None:
            idempotency.complete(resources, db, caller, made[0].id, 201)
        return made


def authenticate(resources: Resources, presented: str, request_id: str | None = None) -> Caller:
    """Who calls with this key; raises NotAuthenticated, in the same words whatever is wrong."""
    credential = credentials.read(presented)
    if credential is None:
        raise _refused("malformed")
    with resources.database.operating() as db:
        found = api_keys.usable(db, credential.prefix)
        digest = credential.digest(resources.vault.keys.pepper)
        if found is None or not hmac.compare_digest(digest, found[0].digest):
            raise _refused("unknown")
        key, person = found
        api_keys.note_use(db, key.id, at_most_every=_USE_IS_NOTED_EVERY)
    return Caller(
        practice_id=key.practice_id,
        therapist_id=person.id,
        role=person.role,
        # Never more than the role may have, whatever stands in the key's row: also words of a newer
        # release, which may run beside this one.
        scopes=frozenset(scope for scope in SCOPES_OF_ROLE[person.role] if scope in key.scopes),
        key_id=key.id,
        request_id=request_id,
    )


def bootstrap(
    resources: Resources,
    practice_name: str,
    therapist_name: str = "Therapist",
    administrator_name: str = "Administrator",
) -> FirstAccounts:
    """The practice of this name with an administrator, a therapist and a key for each.

    All in one transaction. If the practice exists nothing is made, and no key is shown.
    """
    with resources.database.operating() as names:
        api_keys.lock_names(names)  # until this block ends: nobody else adds the name meanwhile
        practice = api_keys.practice_named(names, practice_name)
        if practice is not None:
            return _accounts_of(resources, practice.id)
        practice_id = uuid4()
        with resources.database.transaction(practice_id) as db:
            _add_practice(db, practice_id, practice_name)
            administrator = add_person(db, practice_id, administrator_name, ADMINISTRATOR)
            therapist = add_person(db, practice_id, therapist_name, THERAPIST)
            return FirstAccounts(
                practice_id,
                administrator.id,
                therapist.id,
                add_key(resources, db, administrator, None, "setup", None, None)[1],
                add_key(resources, db, therapist, None, "setup", None, None)[1],
            )


def _accounts_of(resources: Resources, practice_id: UUID) -> FirstAccounts:
    with resources.database.transaction(practice_id) as db:
        administrator, *_ = api_keys.people_of(db, practice_id, ADMINISTRATOR)
        therapist, *_ = api_keys.people_of(db, practice_id, THERAPIST)
        return FirstAccounts(practice_id, administrator.id, therapist.id)


def whose(caller: Caller) -> UUID | None:
    """Whose keys the caller may manage; None: those of everybody in the practice."""
    return None if caller.role == ADMINISTRATOR else caller.therapist_id


def no_such_key() -> NotFound:
    """The answer about a key that is not there, or not the caller's to manage."""
    return NotFound("There is no such key.", "key_not_found")


def check_expiry(days: int | None) -> None:
    """Raise InvalidInput unless a key may last so many days (None: for ever)."""
    if days is not None and not 1 <= days <= MAX_EXPIRY_DAYS:
        raise InvalidInput(f"A key lasts from 1 to {MAX_EXPIRY_DAYS} days.", "expiry_out_of_range")


def _refused(reason: str) -> NotAuthenticated:
    log.info("authentication_failed", code=reason)
    return NotAuthenticated("Send a valid API key as `Authorization: Bearer ssk_...`.")


def _add_practice(db: DbSession, practice_id: UUID, name: str) -> Practice:
    practice = Practice(id=practice_id, name=name)
    db.add(practice)
    db.flush()
    record(db, practice.id, "practice.create", practice.id, None)
    return practice


def add_person(
    db: DbSession, practice_id: UUID, name: str, role: str, caller: Caller | None = None
) -> Therapist:
    """A new person in the practice; raises InvalidInput for an unknown role."""
    if role not in SCOPES_OF_ROLE:
        raise InvalidInput(f"A role is one of {', '.join(SCOPES_OF_ROLE)}.", "role_unknown")
    person = Therapist(id=uuid4(), practice_id=practice_id, name=name, role=role)
    db.add(person)
    db.flush()
    db.refresh(person)
    record(db, practice_id, "therapist.create", person.id, caller)
    return person


def add_key(
    resources: Resources,
    db: DbSession,
    person: Therapist,
    scopes: Collection[Scope] | None,
    label: str,
    expires_in_days: int | None,
    caller: Caller | None,
) -> tuple[ApiKey, str]:
    """A key of ``person``, as ``create_key`` makes it, within a transaction."""
    if person.disabled_at is not None:
        raise Conflict("The person is disabled; enable them first.", "therapist_disabled")
    usual = THERAPIST_SCOPES if person.role == THERAPIST else ADMINISTRATOR_SCOPES
    granted = frozenset(usual if scopes is None else scopes)
    if not granted or not granted <= SCOPES_OF_ROLE[person.role]:
        grantable = ", ".join(sorted(SCOPES_OF_ROLE[person.role]))
        raise InvalidInput(
            f"A key of this {person.role} may have the scopes {grantable}.", "scopes_not_grantable"
        )
    if caller is not None and caller.role != ADMINISTRATOR and not granted <= caller.scopes:
        raise NotAllowed("A key cannot give scopes that it lacks itself.", "scope_missing")
    credential = credentials.mint()
    key = ApiKey(
        id=uuid4(),
        practice_id=person.practice_id,
        therapist_id=person.id,
        prefix=credential.prefix,
        digest=credential.digest(resources.vault.keys.pepper),
        label=label,
        scopes=sorted(granted),
        expires_at=None if expires_in_days is None else clock.now(db) + timedelta(days=expires_in_days),
    )
    db.add(key)
    db.flush()
    db.refresh(key)
    record(db, person.practice_id, "key.create", key.id, caller)
    return key, credential.secret


def record(
    db: DbSession, practice_id: UUID, action: str, subject_id: UUID | None, caller: Caller | None
) -> None:
    """Write to the audit trail who did it; ``caller`` None: the command line on the server."""
    audit.record(
        db,
        practice_id=practice_id,
        actor=caller.actor if caller else _SERVER,
        action=action,
        subject_id=subject_id,
        request_id=caller.request_id if caller else None,
    )

"""Accounts: practices, the people in them, and the keys they call with."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy.orm import Session as DbSession

from shared.db.connection import clock
from shared.db.queries.people import api_keys
from shared.db.queries.privacy import audit
from shared.db.tables.core import ApiKey, Practice, Therapist
from shared.domain.errors import Conflict, InvalidInput, NotAllowed, NotFound
from shared.services import idempotency
from shared.services.access import ownership
from shared.services.access.caller import (
    ADMINISTRATOR_SCOPES,
    SCOPES_OF_ROLE,
    THERAPIST_SCOPES,
    Caller,
    Scope,
)
from shared.services.accounts import credentials, key_networks
from shared.services.resources import Resources

ADMINISTRATOR, THERAPIST = "administrator", "therapist"
DEFAULT_EXPIRY_DAYS = 90
MAX_EXPIRY_DAYS = 365
_SERVER = "server"  # how the audit trail names the command line on the server itself


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
    networks: Sequence[str] | None = None,
) -> tuple[ApiKey, str]:
    """A new key of a person in the practice, and its secret, which is never shown again.

    ``scopes`` None: all that the person's role may have, without ``keys`` for a therapist.
    ``expires_in_days`` None: never. ``caller`` None: the command line on the server. ``networks``: those that
    the key is taken from; None: from anywhere. Raises NotFound, NotAllowed (for another person), Conflict
    (the person is disabled) or InvalidInput (scopes, expiry, networks).
    """
    check_expiry(expires_in_days)
    if caller is not None:
        require_own(caller, therapist_id)
    with resources.database.transaction(practice_id) as db:
        person = api_keys.therapist(db, practice_id, therapist_id)
        if person is None:
            raise NotFound("There is no such person in this practice.", "therapist_not_found")
        made = add_key(resources, db, person, scopes, label, expires_in_days, caller, networks)
        if caller is not None:
            idempotency.complete(resources, db, caller, made[0].id, 201)
        return made


def require_own(caller: Caller, therapist_id: UUID) -> None:
    """Raise NotAllowed unless the key would be the caller's own: the maker of a key can use it."""
    if caller.therapist_id != therapist_id:
        raise NotAllowed(
            "People make their own keys. An administrator issues an enrolment code for a person without one.",
            "not_your_key",
        )


def whose(caller: Caller) -> UUID | None:
    """Whose keys the caller may see and end; None: those of everybody in the practice."""
    is_office = caller.role == ADMINISTRATOR and Scope.KEYS in caller.scopes
    return None if is_office else caller.therapist_id


def no_such_key() -> NotFound:
    """The answer about a key that is not there, or not the caller's to manage."""
    return NotFound("There is no such key.", "key_not_found")


def check_expiry(days: int | None) -> None:
    """Raise InvalidInput unless a key may last so many days (None: for ever)."""
    if days is not None and not 1 <= days <= MAX_EXPIRY_DAYS:
        raise InvalidInput(f"A key lasts from 1 to {MAX_EXPIRY_DAYS} days.", "expiry_out_of_range")


def add_practice(db: DbSession, practice_id: UUID, name: str) -> Practice:
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
    networks: Sequence[str] | None = None,
) -> tuple[ApiKey, str]:
    """A key of ``person``, as ``create_key`` makes it, within a transaction."""
    if person.disabled_at is not None:
        raise Conflict("The person is disabled; enable them first.", "therapist_disabled")
    granted = _granted(person, scopes, caller)
    tied = None if networks is None else key_networks.normalised(networks)
    if caller is not None:
        _require_no_wider(db, caller, tied)
    credential, pepper = credentials.mint(), resources.vault.keys.peppers.current
    key = ApiKey(
        id=uuid4(),
        practice_id=person.practice_id,
        therapist_id=person.id,
        prefix=credential.prefix,
        digest=credential.digest(pepper.secret),
        pepper_version=pepper.version,
        label=label,
        scopes=sorted(granted),
        networks=tied,
        expires_at=None if expires_in_days is None else clock.now(db) + timedelta(days=expires_in_days),
    )
    db.add(key)
    db.flush()
    db.refresh(key)
    record(db, person.practice_id, "key.create", key.id, caller)
    return key, credential.secret


def _granted(person: Therapist, scopes: Collection[Scope] | None, caller: Caller | None) -> frozenset[Scope]:
    """The scopes of a new key; raises InvalidInput or NotAllowed."""
    usual = THERAPIST_SCOPES if person.role == THERAPIST else ADMINISTRATOR_SCOPES
    granted = frozenset(usual if scopes is None else scopes)
    if not granted or not granted <= SCOPES_OF_ROLE[person.role]:
        grantable = ", ".join(sorted(SCOPES_OF_ROLE[person.role]))
        raise InvalidInput(
            f"Some of these scopes are not for a key of a {person.role}. Choose among: {grantable}.",
            "scopes_not_grantable",
        )
    if caller is not None and not granted <= caller.scopes:
        raise NotAllowed("A key cannot give scopes that it lacks itself.", "scope_missing")
    return granted


def _require_no_wider(db: DbSession, caller: Caller, networks: Sequence[str] | None) -> None:
    """Raise NotAllowed where the caller's key is tied to networks, and the new one would reach further."""
    own = api_keys.get(db, caller.practice_id, caller.key_id)
    if own is not None and not key_networks.are_within(networks, own.networks):
        raise NotAllowed(
            "A key that is tied to networks makes only keys within them. Name some of them.",
            "networks_wider",
        )


def record(
    db: DbSession, practice_id: UUID, action: str, subject_id: UUID | None, caller: Caller | None
) -> None:
    """Write to the audit trail who did it; ``caller`` None: the command line on the server."""
    if caller is not None:
        ownership.audit(db, caller, action, subject_id)
    else:
        audit.record(db, practice_id=practice_id, actor=_SERVER, action=action, subject_id=subject_id)

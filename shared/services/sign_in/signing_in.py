"""Signing in by name and passphrase, and changing the passphrase."""

import unicodedata
from uuid import UUID, uuid4

import structlog
from sqlalchemy.orm import Session as DbSession

from shared.db.queries.people import browser_sessions as session_rows
from shared.db.queries.people import logins, providers
from shared.db.tables.core import Therapist
from shared.domain.errors import InvalidInput, NotAuthenticated
from shared.services.access.caller import Caller
from shared.services.accounts import accounts
from shared.services.resources import Resources
from shared.services.sign_in import browser_sessions, known_devices, passphrases, second_factor, trail, waits
from shared.services.sign_in.browser_sessions import Client, NewSession

log = structlog.get_logger(__name__)

LONGEST_NAME = 254


def folded(name: str) -> str:
    """A login name as it is kept and compared: how it is typed makes no difference."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def sign_in(
    resources: Resources, name: str, passphrase: str, client: Client, device: str = ""
) -> tuple[NewSession, UUID]:
    """A new session and its owner; raises NotAuthenticated, with one text and duration for every cause.

    ``device``: the cookie of a device that may be known. The session is not complete where a second
    factor is needed. Raises LimitReached after too many wrong tries, and Unavailable.
    """
    wanted = folded(name)[:LONGEST_NAME]
    with resources.database.operating() as db:
        found = logins.whose(db, wanted)
    practice_id, therapist_id = found or (uuid4(), uuid4())  # of no person: the same queries for all
    is_known = known_devices.is_of(resources, therapist_id, device)
    subjects = (
        [waits.by_device(resources, device)]
        if is_known
        else [waits.by_account(resources, wanted), waits.by_address(resources, client.address)]
    )
    waits.begin_try(resources, subjects)
    with resources.database.transaction(practice_id) as db:
        row = logins.of_person(db, practice_id, therapist_id)
    kept = passphrases.NONE if row is None else row[0].passphrase_hash
    if not passphrases.matches(kept, passphrase) or row is None:
        _note_failure(resources, practice_id, therapist_id, client, known=row is not None)
        raise NotAuthenticated("The name or the passphrase is not right.", "sign_in_failed")
    require_other_way(resources, practice_id, break_glass=row[0].break_glass)
    renewed = passphrases.hashed(passphrase) if passphrases.is_outdated(kept) else None
    with resources.database.transaction(practice_id) as db:
        if renewed is not None:
            logins.set_hash(db, therapist_id, renewed, changed=False)
        session = begin(resources, db, row[1], client, is_known=is_known)
    waits.succeeded(resources, subjects)
    return session, therapist_id


def require_other_way(resources: Resources, practice_id: UUID, *, break_glass: bool = False) -> None:
    """Raise NotAuthenticated where the practice's people sign in with the OpenID provider alone."""
    with resources.database.transaction(practice_id) as db:
        if providers.is_required(db, practice_id) and not break_glass:
            detail = "Your practice signs in with your organisation's sign-in alone. Use that."
            raise NotAuthenticated(detail, "provider_only")


def begin(
    resources: Resources, db: DbSession, person: Therapist, client: Client, *, is_known: bool
) -> NewSession:
    """A session of a person who showed a passphrase, and the trail's line about it."""
    # Therapists read what was said: without a second factor they get no further than to set one up.
    complete = person.role != accounts.THERAPIST and not second_factor.has_any(db, person.id)
    session = browser_sessions.begin(resources, db, person, client, complete=complete)
    for action in [trail.SIGNED_IN] if is_known else [trail.NEW_DEVICE, trail.SIGNED_IN]:
        trail.record_for(db, person, action, client, session.id)
    return session


def _note_failure(
    resources: Resources, practice_id: UUID, therapist_id: UUID, client: Client, *, known: bool
) -> None:
    log.info("sign_in_failed", request_id=client.request_id)
    # Nothing is written of an unknown name, yet as much is asked.
    with resources.database.transaction(practice_id) as db:
        if known:
            trail.record_of(
                db,
                practice_id,
                therapist_id,
                trail.FAILED,
                trail.UNKNOWN,
                client.request_id,
                address=client.address,
            )


def change_passphrase(resources: Resources, caller: Caller, old: str, new: str, client: Client) -> NewSession:
    """Another passphrase for the caller; ends all of their sessions and begins a new one.

    Raises InvalidInput (the old one is wrong, the new one is not taken) and LimitReached.
    """
    with resources.database.transaction(caller.practice_id) as db:
        row = logins.of_person(db, caller.practice_id, caller.therapist_id)
    if row is None:
        raise InvalidInput("You do not sign in with a passphrase.", "no_passphrase")
    login, person = row
    subjects = [waits.by_account(resources, f"change:{caller.therapist_id}")]
    waits.begin_try(resources, subjects)
    if not passphrases.matches(login.passphrase_hash, old):
        reason = "The present passphrase is not right."
        raise InvalidInput(reason, "passphrase_wrong", {"old": [reason]})
    waits.succeeded(resources, subjects)
    passphrases.check_new(new, login.name, person.name)
    kept = passphrases.hashed(new)
    with resources.database.transaction(caller.practice_id) as db:
        logins.set_hash(db, person.id, kept, changed=True)
        session_rows.end_all(db, caller.practice_id, caller.therapist_id)
        # Who changes it is signed in completely already.
        session = browser_sessions.begin(resources, db, person, client, complete=True)
        trail.record(db, caller, trail.PASSPHRASE_CHANGED)
    return session

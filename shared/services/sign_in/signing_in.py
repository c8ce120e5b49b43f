"""Signing in by name and passphrase, and changing the passphrase."""

import unicodedata
from uuid import UUID, uuid4

import structlog

from shared.db.queries import browser_sessions as session_rows
from shared.db.queries import logins
from shared.domain.errors import InvalidInput, NotAuthenticated
from shared.services.access.caller import Caller
from shared.services.resources import Resources
from shared.services.sign_in import browser_sessions, passphrases, waits
from shared.services.sign_in.browser_sessions import Client, NewSession

log = structlog.get_logger(__name__)

LONGEST_NAME = 254
# How the audit trail names the one who tries and is not known yet.
_UNKNOWN = "sign-in"


def folded(name: str) -> str:
    """A login name as it is kept and compared: how it is typed makes no difference."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def sign_in(resources: Resources, name: str, passphrase: str, client: Client) -> NewSession:
    """A new session; raises NotAuthenticated, in the same words and time whatever is wrong.

    Raises LimitReached after too many wrong tries, and Unavailable.
    """
    wanted = folded(name)[:LONGEST_NAME]
    account = waits.by_account(resources, wanted)
    address = waits.by_address(resources, client.address)
    waits.begin_try(resources, (account, address))
    with resources.database.operating() as db:
        found = logins.whose(db, wanted)
    practice_id, therapist_id = found or (uuid4(), uuid4())  # of nobody: the same queries for all
    with resources.database.transaction(practice_id) as db:
        row = logins.of_person(db, practice_id, therapist_id)
    kept = passphrases.NONE if row is None else row[0].passphrase_hash
    if not passphrases.matches(kept, passphrase) or row is None:
        _note_failure(resources, practice_id, therapist_id, client, known=row is not None)
        raise NotAuthenticated("The name or the passphrase is not right.", "sign_in_failed")
    renewed = passphrases.hashed(passphrase) if passphrases.is_outdated(kept) else None
    person = row[1]
    with resources.database.transaction(practice_id) as db:
        if renewed is not None:
            logins.set_hash(db, therapist_id, renewed, changed=False)
        session = browser_sessions.begin(resources, db, person, client)
        actor = f"{person.role}:{person.id}"
        browser_sessions.record_of(
            db, practice_id, therapist_id, browser_sessions.SIGN_IN, actor, client.request_id
        )
    waits.succeeded(resources, address, account)
    return session


def _note_failure(
    resources: Resources, practice_id: UUID, therapist_id: UUID, client: Client, *, known: bool
) -> None:
    log.info("sign_in_failed", request_id=client.request_id)
    # Nothing is written of an unknown name, yet as much is asked.
    with resources.database.transaction(practice_id) as db:
        if known:
            browser_sessions.record_of(
                db, practice_id, therapist_id, browser_sessions.FAILED, _UNKNOWN, client.request_id
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
    account = waits.by_account(resources, login.name)
    address = waits.by_address(resources, client.address)
    waits.begin_try(resources, (account, address))
    if not passphrases.matches(login.passphrase_hash, old):
        reason = "The present passphrase is not right."
        raise InvalidInput(reason, "passphrase_wrong", {"old": [reason]})
    waits.succeeded(resources, address, account)
    passphrases.check_new(new, login.name, person.name)
    kept = passphrases.hashed(new)
    with resources.database.transaction(caller.practice_id) as db:
        logins.set_hash(db, person.id, kept, changed=True)
        session_rows.end_all(db, caller.practice_id, caller.therapist_id)
        session = browser_sessions.begin(resources, db, person, client)
        browser_sessions.record(db, caller, browser_sessions.PASSPHRASE_CHANGE)
    return session

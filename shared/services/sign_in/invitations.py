"""One-time codes with which a person chooses a login name and a passphrase."""

import hmac
import secrets
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy.exc import IntegrityError

from shared.db.connection import clock
from shared.db.queries import api_keys, logins
from shared.db.tables.sign_in import Invitation, Login
from shared.domain.errors import InvalidInput
from shared.services.accounts import accounts
from shared.services.resources import Resources
from shared.services.sign_in import browser_sessions, passphrases, waits
from shared.services.sign_in.browser_sessions import Client, NewSession
from shared.services.sign_in.signing_in import LONGEST_NAME, folded

VALID_FOR = timedelta(hours=24)
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that is mistaken for another
_GROUPS, _IN_GROUP = 3, 4  # 59 bits, typed by hand, guarded by waits
MAX_NAME_LENGTH = 200


def first_administrator_code(resources: Resources, practice_id: UUID) -> str | None:
    """A new code for the practice's first administrator; None where an administrator signs in already.

    A code that was given before ends.
    """
    with resources.database.transaction(practice_id) as db:
        if logins.anybody_signs_in(db, practice_id, accounts.ADMINISTRATOR):
            return None
        person = next(
            one for one in api_keys.people_of(db, practice_id, accounts.ADMINISTRATOR) if not one.disabled_at
        )
        logins.remove_open_invitations(db, person.id)
        code = "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_IN_GROUP)) for _ in range(_GROUPS))
        db.add(
            Invitation(
                id=uuid4(),
                practice_id=practice_id,
                therapist_id=person.id,
                digest=_digest(resources, code),
                created_by=None,
                expires_at=clock.now(db) + VALID_FOR,
            )
        )
        accounts.record(db, practice_id, "invitation.create", person.id, None)
    return code


def first_is_awaited(resources: Resources) -> bool:
    """Whether a first administrator may come with a code."""
    with resources.database.operating() as db:
        return logins.first_is_awaited(db)


def accept(
    resources: Resources, code: str, person_name: str, login_name: str, passphrase: str, client: Client
) -> NewSession:
    """Give the invited person a login, and sign them in; the code ends.

    Raises InvalidInput (``fields`` says where) and LimitReached after too many wrong codes.
    """
    person_name, name = person_name.strip(), folded(login_name)
    _check_names(person_name, name)
    address = waits.by_address(resources, client.address)
    waits.begin_try(resources, (address,))
    with resources.database.operating() as db:
        found = logins.invitation(db, _digest(resources, code))
        taken = logins.whose(db, name)
    if found is None:
        raise _refused("code", "The code is not valid, was used already, or is older than 24 hours.")
    waits.succeeded(resources, address)
    if taken is not None:
        raise _taken()
    passphrases.check_new(passphrase, name, person_name)
    kept = passphrases.hashed(passphrase)
    return _use(resources, found, person_name, Login(name=name, passphrase_hash=kept), client)


def _use(
    resources: Resources, found: tuple[UUID, UUID], person_name: str, login: Login, client: Client
) -> NewSession:
    practice_id, invitation_id = found
    with resources.database.transaction(practice_id) as db:
        therapist_id = logins.use_invitation(db, invitation_id)
        person = api_keys.therapist(db, practice_id, therapist_id) if therapist_id else None
        if person is None or person.disabled_at is not None:
            raise _refused("code", "The code is not valid, was used already, or is older than 24 hours.")
        person.name = person_name
        login.therapist_id, login.practice_id = person.id, practice_id
        db.add(login)
        try:
            db.flush()
        except IntegrityError:  # chosen by two at the same moment
            raise _taken() from None
        session = browser_sessions.begin(resources, db, person, client)
        actor = f"{person.role}:{person.id}"
        for action in (browser_sessions.FIRST_SIGN_IN, browser_sessions.SIGN_IN):
            browser_sessions.record_of(db, practice_id, person.id, action, actor, client.request_id)
    return session


def _check_names(person_name: str, name: str) -> None:
    if not 1 <= len(person_name) <= MAX_NAME_LENGTH:
        raise _refused("person_name", f"Your name has 1 to {MAX_NAME_LENGTH} characters.")
    if not 3 <= len(name) <= LONGEST_NAME or any(character.isspace() for character in name):
        raise _refused("login_name", f"A login name has 3 to {LONGEST_NAME} characters, without blanks.")


def _refused(field: str, reason: str) -> InvalidInput:
    return InvalidInput(reason, f"{field}_refused", {field: [reason]})


def _taken() -> InvalidInput:
    return _refused("login_name", "This login name is taken. Choose another.")


def _digest(resources: Resources, code: str) -> bytes:
    plain = "".join(character for character in code.casefold() if character.isalnum())
    return hmac.digest(resources.vault.keys.pepper, b"invitation:" + plain.encode(), "sha256")

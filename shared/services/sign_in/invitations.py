"""One-time codes with which a person chooses a login name and a passphrase."""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as DbSession

from shared.db.connection import clock
from shared.db.queries.people import api_keys, enrolment, logins, providers
from shared.db.queries.people import browser_sessions as session_rows
from shared.db.tables.core import Therapist
from shared.db.tables.sign_in import Invitation, Login
from shared.domain.errors import Conflict, InvalidInput, NotFound
from shared.services.access.caller import Caller
from shared.services.accounts import accounts
from shared.services.resources import Resources
from shared.services.sign_in import passphrases, signing_in, trail, waits
from shared.services.sign_in.browser_sessions import Client, NewSession
from shared.services.sign_in.signing_in import LONGEST_NAME, folded

VALID_FOR = timedelta(hours=24)
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that is mistaken for another
_IN_GROUP = 4
_TYPED_GROUPS, _LINK_GROUPS = 3, 6  # 59 bits, typed by hand and guarded by waits; 118 bits in a link
MAX_NAME_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Person:
    """A person of the practice, and how they sign in."""

    id: UUID
    name: str
    role: str
    login_name: str | None
    invited_until: datetime | None
    is_disabled: bool


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
        return _code_for(resources, db, person, None, _TYPED_GROUPS)


def break_glass_code(resources: Resources, practice_name: str) -> str:
    """A code for a new administrator of the practice, who signs in by passphrase in any case.

    For the command line on the server. Raises NotFound.
    """
    with resources.database.operating() as db:
        practice = api_keys.practice_named(db, practice_name)
    if practice is None:
        raise NotFound(f"There is no practice {practice_name}.", "practice_not_found")
    with resources.database.transaction(practice.id) as db:
        person = accounts.add_person(db, practice.id, "Break-glass administrator", accounts.ADMINISTRATOR)
        return _code_for(resources, db, person, None, _TYPED_GROUPS)


def first_is_awaited(resources: Resources) -> bool:
    """Whether a first administrator may come with a code."""
    with resources.database.operating() as db:
        return logins.first_is_awaited(db)


def people(resources: Resources, caller: Caller) -> Sequence[Person]:
    """Everybody in the practice, first come first, and how they sign in."""
    with resources.database.transaction(caller.practice_id) as db:
        accounts.record(db, caller.practice_id, "therapist.list", None, caller)
        found = api_keys.people_of(db, caller.practice_id)
        names = logins.names(db, caller.practice_id)
        invited = logins.invited(db, caller.practice_id)
    return [
        Person(
            one.id, one.name, one.role, names.get(one.id), invited.get(one.id), one.disabled_at is not None
        )
        for one in found
    ]


def invite_new(resources: Resources, caller: Caller, name: str, role: str) -> str:
    """A new person in the caller's practice, and the code with which they come; it is not shown again.

    Raises InvalidInput and ConfirmationNeeded.
    """
    caller.need_fresh()
    name = name.strip()
    _check_person_name(name)
    with resources.database.transaction(caller.practice_id) as db:
        person = accounts.add_person(db, caller.practice_id, name, role, caller)
        return _code_for(resources, db, person, caller, _LINK_GROUPS)


def invite(resources: Resources, caller: Caller, therapist_id: UUID) -> str:
    """A code with which a person of the practice chooses a login name and a passphrase, also a new one.

    An older code ends. Raises NotFound, Conflict (they are disabled, or the code would open their records)
    and ConfirmationNeeded.
    """
    caller.need_fresh()
    with resources.database.transaction(caller.practice_id) as db:
        person = api_keys.therapist(db, caller.practice_id, therapist_id)
        if person is None:
            raise NotFound("There is no such person in this practice.", "therapist_not_found")
        if person.disabled_at is not None:
            raise Conflict("The person is disabled; enable them first.", "therapist_disabled")
        if _opens_records(db, person):
            raise Conflict(
                "This therapist has records, and an invitation would open them. An operator issues the code "
                f"on the server: sessionscribe recover {person.id} --sign-in",
                "person_has_begun",
            )
        return _code_for(resources, db, person, caller, _LINK_GROUPS)


def recovery_code(resources: Resources, therapist_id: UUID) -> str:
    """A code for a person who has records and cannot sign in; for the command line on the server.

    Raises NotFound.
    """
    with resources.database.operating() as db:
        practice_id = api_keys.practice_of(db, therapist_id)
    if practice_id is None:
        raise NotFound("There is no such person.", "therapist_not_found")
    with resources.database.transaction(practice_id) as db:
        person = api_keys.therapist(db, practice_id, therapist_id)
        if person is None:
            raise NotFound("There is no such person.", "therapist_not_found")
        return _code_for(resources, db, person, None, _TYPED_GROUPS)


def _opens_records(db: DbSession, person: Therapist) -> bool:
    return person.role == accounts.THERAPIST and enrolment.has_begun(db, person.id)


def accept(
    resources: Resources, code: str, person_name: str, login_name: str, passphrase: str, client: Client
) -> tuple[NewSession, UUID]:
    """Give the invited person a login, and sign them in; the code ends. Gives the session and whose it is.

    Where they had a login, this one takes its place, and all of their sessions end. Raises InvalidInput
    (``fields`` says where) and LimitReached after too many wrong codes.
    """
    person_name, name = person_name.strip(), folded(login_name)
    _check_person_name(person_name)
    if not 3 <= len(name) <= LONGEST_NAME or any(character.isspace() for character in name):
        raise _refused("login_name", f"A login name has 3 to {LONGEST_NAME} characters, without blanks.")
    found = find(resources, code, client)
    passphrases.check_new(passphrase, name, person_name)
    kept = passphrases.hashed(passphrase)
    return _use(resources, found, person_name, Login(name=name, passphrase_hash=kept), client)


def _use(
    resources: Resources, found: tuple[UUID, UUID], person_name: str, login: Login, client: Client
) -> tuple[NewSession, UUID]:
    practice_id, invitation_id = found
    with resources.database.transaction(practice_id) as db:
        person, login.break_glass = use(db, practice_id, invitation_id)
        if providers.is_required(db, practice_id) and not login.break_glass:
            reason = "Your practice signs in with your organisation's sign-in alone. Use that."
            raise InvalidInput(reason, "provider_only")
        person.name = person_name
        login.therapist_id, login.practice_id = person.id, practice_id
        logins.remove(db, person.id)
        db.add(login)
        try:
            db.flush()
        except IntegrityError:
            raise _refused("login_name", "This login name is taken. Choose another.") from None
        session_rows.end_all(db, practice_id, person.id)
        trail.record_for(db, person, trail.LOGIN_CREATED, client)
        return signing_in.begin(resources, db, person, client, is_known=True), person.id


def use(db: DbSession, practice_id: UUID, invitation_id: UUID) -> tuple[Therapist, bool]:
    """Use an open invitation up: who is invited, and whether the server's command line did it.

    Raises InvalidInput.
    """
    used = logins.use_invitation(db, invitation_id)
    person = api_keys.therapist(db, practice_id, used[0]) if used else None
    if used is None or person is None or person.disabled_at is not None:
        raise _no_such_code()
    if used[1] is not None and _opens_records(db, person):  # begun since they were invited
        raise _no_such_code()
    return person, used[1] is None


def find(resources: Resources, code: str, client: Client) -> tuple[UUID, UUID]:
    """The practice and the id of the open invitation with this code; raises InvalidInput, LimitReached."""
    address = waits.by_address(resources, client.address)
    waits.begin_try(resources, (address,))
    with resources.database.operating() as db:
        found = logins.invitation(db, _digest(resources, code))
    if found is None:
        raise _no_such_code()
    waits.succeeded(resources, (address,))
    return found


def _code_for(
    resources: Resources, db: DbSession, person: Therapist, caller: Caller | None, groups: int
) -> str:
    logins.remove_open_invitations(db, person.id)
    code = "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_IN_GROUP)) for _ in range(groups))
    invitation = Invitation(
        id=uuid4(),
        practice_id=person.practice_id,
        therapist_id=person.id,
        digest=_digest(resources, code),
        created_by=None if caller is None else caller.therapist_id,
        expires_at=clock.now(db) + VALID_FOR,
    )
    db.add(invitation)
    db.flush()
    accounts.record(db, person.practice_id, trail.INVITED, person.id, caller)
    return code


def _check_person_name(name: str) -> None:
    if not 1 <= len(name) <= MAX_NAME_LENGTH:
        raise _refused("person_name", f"A name has 1 to {MAX_NAME_LENGTH} characters.")


def _no_such_code() -> InvalidInput:
    return _refused("code", "The code is not valid, was used already, or is older than 24 hours.")


def _refused(field: str, reason: str) -> InvalidInput:
    return InvalidInput(reason, f"{field}_refused", {field: [reason]})


def _digest(resources: Resources, code: str) -> bytes:
    plain = "".join(character for character in code.casefold() if character.isalnum())
    return hmac.digest(resources.vault.keys.pepper, b"invitation:" + plain.encode(), "sha256")

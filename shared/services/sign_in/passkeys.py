"""Passkeys (WebAuthn): one that verifies its user signs in alone, without passphrase and second factor."""

import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from sqlalchemy.orm import Session as DbSession

from shared.db.queries.people import api_keys, logins
from shared.db.queries.people import passkeys as rows
from shared.db.tables.sign_in import Passkey
from shared.domain.errors import Conflict, InvalidInput, NotAuthenticated, NotFound
from shared.services.access.caller import Caller
from shared.services.resources import Resources
from shared.services.sign_in import browser_sessions, second_factor, trail
from shared.services.sign_in.browser_sessions import Client, NewSession
from shared.services.sign_in.signing_in import require_other_way

_REQUIRED = UserVerificationRequirement.REQUIRED
_ADDRESS_UNSET = "http://localhost"
CHALLENGE_LASTS = timedelta(minutes=5)
MOST_PASSKEYS, LONGEST_NAME = 20, 60
_REGISTER, _AUTHENTICATE = "register", "authenticate"
# What the library raises over what a client sends, besides ValueError.
_MALFORMED = (ValueError, TypeError, KeyError, AttributeError, IndexError, AssertionError)


@dataclass(frozen=True, slots=True)
class OwnPasskey:
    """A passkey as its owner sees it."""

    id: UUID
    name: str
    created_at: datetime
    last_used_at: datetime | None


def listed(resources: Resources, caller: Caller) -> list[OwnPasskey]:
    """The caller's passkeys, oldest first."""
    with resources.database.transaction(caller.practice_id) as db:
        found = rows.of_person(db, caller.therapist_id)
    return [OwnPasskey(row.id, row.name, row.created_at, row.last_used_at) for row in found]


def begin_adding(resources: Resources, caller: Caller) -> dict[str, Any]:
    """What the browser needs to make a passkey (``PublicKeyCredentialCreationOptions`` as JSON).

    Raises ConfirmationNeeded, and Conflict where there are too many.
    """
    challenge = _new_challenge(resources, _REGISTER, caller.therapist_id)
    with resources.database.transaction(caller.practice_id) as db:
        second_factor.need_fresh_to_add(db, caller)
        found = rows.of_person(db, caller.therapist_id)
        person = api_keys.therapist(db, caller.practice_id, caller.therapist_id)
        login = logins.of_person(db, caller.practice_id, caller.therapist_id)
    if len(found) >= MOST_PASSKEYS:
        raise Conflict(f"You have {MOST_PASSKEYS} passkeys. Remove one first.", "too_many_passkeys")
    display_name = person.name if person else ""
    user = PublicKeyCredentialUserEntity(
        id=caller.therapist_id.bytes,
        name=login[0].name if login else display_name,
        display_name=display_name,
    )
    options, _ = _server(resources).register_begin(
        user,
        credentials=[AttestedCredentialData(row.credential) for row in found],
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=_REQUIRED,
        challenge=challenge,
    )
    return dict(options.public_key)


def add(resources: Resources, caller: Caller, name: str, answer: Mapping[str, Any]) -> NewSession:
    """Keep a passkey that the browser made; gives a renewed session.

    Raises InvalidInput and ConfirmationNeeded.
    """
    name = name.strip() or "Passkey"
    if len(name) > LONGEST_NAME:
        reason = f"The name of a passkey has at most {LONGEST_NAME} characters."
        raise InvalidInput(reason, "name_refused", {"name": [reason]})
    try:
        response = RegistrationResponse.from_dict(answer)
        challenge = response.response.client_data.challenge
        _use_challenge(resources, _REGISTER, challenge, caller.therapist_id)
        state = {"challenge": _websafe(challenge), "user_verification": _REQUIRED}
        made = _server(resources).register_complete(state, response)
    except _MALFORMED as error:
        raise _not_taken() from error
    if made.credential_data is None:
        raise _not_taken()
    passkey = Passkey(
        id=uuid4(),
        practice_id=caller.practice_id,
        therapist_id=caller.therapist_id,
        credential_id=made.credential_data.credential_id,
        credential=bytes(made.credential_data),
        sign_count=made.counter,
        name=name,
    )
    with resources.database.transaction(caller.practice_id) as db:
        second_factor.need_fresh_to_add(db, caller)
        rows.add(db, passkey)
        trail.record(db, caller, trail.PASSKEY_ADDED)
        return browser_sessions.renew(resources, db, caller.key_id, completes=True)


def remove(resources: Resources, caller: Caller, passkey_id: UUID) -> None:
    """Remove one of the caller's passkeys; raises NotFound and ConfirmationNeeded."""
    caller.need_fresh()
    with resources.database.transaction(caller.practice_id) as db:
        if not rows.remove(db, caller.therapist_id, passkey_id):
            raise NotFound("There is no such passkey of yours.", "passkey_not_found")
        trail.record(db, caller, trail.PASSKEY_REMOVED)


def begin_showing(resources: Resources) -> dict[str, Any]:
    """What the browser needs to show a passkey (``PublicKeyCredentialRequestOptions`` as JSON).

    It names no credential: the browser offers those that it has for this server.
    """
    challenge = _new_challenge(resources, _AUTHENTICATE)
    options, _ = _server(resources).authenticate_begin(user_verification=_REQUIRED, challenge=challenge)
    return dict(options.public_key)


def sign_in(resources: Resources, answer: Mapping[str, Any], client: Client) -> tuple[NewSession, UUID]:
    """A complete session of the person whose passkey the browser shows; raises NotAuthenticated."""
    passkey = _shown(resources, answer)
    require_other_way(resources, passkey.practice_id)
    with resources.database.transaction(passkey.practice_id) as db:
        person = api_keys.therapist(db, passkey.practice_id, passkey.therapist_id)
        if person is None or person.disabled_at is not None:
            raise _not_known()
        session = browser_sessions.begin(resources, db, person, client, complete=True)
        trail.record_for(db, person, trail.PASSKEY_SIGN_IN, client, session.id)
    return session, passkey.therapist_id


def confirm(resources: Resources, caller: Caller, answer: Mapping[str, Any]) -> NewSession:
    """Show that it is the caller, with one of their passkeys; raises NotAuthenticated."""
    passkey = _shown(resources, answer)
    if passkey.therapist_id != caller.therapist_id:
        raise _not_known()
    with resources.database.transaction(caller.practice_id) as db:
        trail.record(db, caller, trail.CONFIRMED)
        return browser_sessions.renew(resources, db, caller.key_id, completes=True)


def _shown(resources: Resources, answer: Mapping[str, Any]) -> Passkey:
    """The passkey that signed the challenge; its use is noted."""
    try:
        response = AuthenticationResponse.from_dict(answer)
        challenge = response.response.client_data.challenge
        _use_challenge(resources, _AUTHENTICATE, challenge)
        with resources.database.operating() as db:
            practice_id = rows.practice_of(db, response.raw_id)
        with resources.database.transaction(practice_id or uuid4()) as db:
            passkey = rows.with_credential_id(db, response.raw_id)
            if passkey is None:
                raise _not_known()
            state = {"challenge": _websafe(challenge), "user_verification": _REQUIRED}
            known = [AttestedCredentialData(passkey.credential)]
            _server(resources).authenticate_complete(state, known, response)
            _note_use(db, passkey, response.response.authenticator_data.counter)
    except _MALFORMED as error:
        raise _not_known() from error
    return passkey


def _note_use(db: DbSession, passkey: Passkey, counter: int) -> None:
    # Most passkeys are in several devices and count nothing. One that counts and counts back is a copy.
    if (counter or passkey.sign_count) and counter <= passkey.sign_count:
        raise _not_known()
    rows.note_use(db, passkey.id, counter)


def _server(resources: Resources) -> Fido2Server:
    """The rules of this server: passkeys are tied to its host name, and only its own pages use them."""
    address = urlsplit(resources.settings.public_url or _ADDRESS_UNSET)
    rp = PublicKeyCredentialRpEntity(name="sessionscribe", id=address.hostname or "localhost")

    def is_ours(origin: str) -> bool:
        given = urlsplit(origin)
        if resources.settings.public_url is None:
            return given.hostname == "localhost"
        return (given.scheme, given.netloc) == (address.scheme, address.netloc)

    return Fido2Server(rp, verify_origin=is_ours)


def _new_challenge(resources: Resources, purpose: str, person: UUID | None = None) -> bytes:
    challenge = secrets.token_bytes(32)
    with resources.database.operating() as db:
        rows.keep_challenge(db, _digest(resources, purpose, challenge, person), CHALLENGE_LASTS)
    return challenge


def _use_challenge(resources: Resources, purpose: str, challenge: bytes, person: UUID | None = None) -> None:
    with resources.database.operating() as db:
        if not rows.use_challenge(db, _digest(resources, purpose, challenge, person)):
            raise ValueError("the challenge is not ours, was used, or is old")


def _digest(resources: Resources, purpose: str, challenge: bytes, person: UUID | None) -> bytes:
    message = f"passkey:{purpose}:{person}:".encode() + challenge
    return hmac.digest(resources.vault.keys.pepper, message, "sha256")


def _websafe(challenge: bytes) -> str:
    return urlsafe_b64encode(challenge).decode().rstrip("=")


def _not_known() -> NotAuthenticated:
    return NotAuthenticated(
        "This passkey is not known here. Sign in with your passphrase.", "passkey_not_known"
    )


def _not_taken() -> InvalidInput:
    return InvalidInput("The passkey could not be added. Try again.", "passkey_not_taken")

"""The second factor: codes of an authenticator app (RFC 6238) and recovery codes."""

import hmac
import secrets
from base64 import b32encode
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from sqlalchemy.orm import Session as DbSession

from shared.db.connection import clock
from shared.db.queries.people import api_keys, logins
from shared.db.queries.people import browser_sessions as session_rows
from shared.db.queries.people import passkeys as passkey_rows
from shared.db.queries.people import second_factors as rows
from shared.domain.errors import Conflict, InvalidInput, NotFound
from shared.services.access import ownership
from shared.services.access.caller import Caller
from shared.services.resources import Resources
from shared.services.sign_in import browser_sessions, passphrases, trail, waits
from shared.services.sign_in.browser_sessions import NewSession
from shared.vault.sealing import Subject

ISSUER = "sessionscribe"
APP, PASSKEYS = "app", "passkeys"
CODES = 10
_STEP_SECONDS, _DIGITS, _SECRET_BYTES = 30, 6, 20
_DRIFT_STEPS = 1  # the clock of a phone may be half a minute off
KIND = "totp.secret"
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
_HALF = 6  # of a recovery code: twice six characters, 59 bits


@dataclass(frozen=True, slots=True)
class Factors:
    """What the caller can show besides the passphrase."""

    app_since: datetime | None
    codes_left: int
    passkeys: int

    @property
    def any(self) -> bool:
        """Whether there is a second factor."""
        return self.app_since is not None or self.passkeys > 0


@dataclass(frozen=True, slots=True)
class Offer:
    """An authenticator app to set up: as an address for its QR code, and as text to type."""

    address: str = field(repr=False)
    secret: str = field(repr=False)


def factors(resources: Resources, caller: Caller) -> Factors:
    """The factors that are in use."""
    with resources.database.transaction(caller.practice_id) as db:
        row = rows.totp(db, caller.therapist_id)
        left = rows.codes_left(db, caller.therapist_id)
        count = len(passkey_rows.of_person(db, caller.therapist_id))
    return Factors(row.confirmed_at if row else None, left, count)


def has_any(db: DbSession, therapist_id: UUID) -> bool:
    """Whether the person has a second factor."""
    return rows.has_totp(db, therapist_id) or bool(passkey_rows.of_person(db, therapist_id))


def need_fresh_to_add(db: DbSession, caller: Caller) -> None:
    """Raise ConfirmationNeeded unless the caller may add a factor.

    The first one of a person who cannot get any further without it needs the passphrase alone.
    """
    if caller.is_complete or has_any(db, caller.therapist_id):
        caller.need_fresh()


def offer(resources: Resources, caller: Caller) -> Offer:
    """The secret of an authenticator app that is not confirmed yet; the same until it is.

    Raises Conflict where the caller has an app (it is removed first), and ConfirmationNeeded.
    """
    subject = Subject(caller.practice_id, caller.therapist_id)
    with resources.database.transaction(caller.practice_id) as db:
        need_fresh_to_add(db, caller)
        row = rows.totp(db, caller.therapist_id)
        if row is not None and row.confirmed_at is not None:
            raise _app_exists()
        found = logins.of_person(db, caller.practice_id, caller.therapist_id)
        if row is None:
            secret = secrets.token_bytes(_SECRET_BYTES)
            resources.vault.keys.create(caller.practice_id, caller.therapist_id)
            sealed = resources.vault.seal(subject, KIND, secret.hex())
            rows.offer_totp(db, caller.practice_id, caller.therapist_id, sealed)
        else:
            secret = bytes.fromhex(resources.vault.open(subject, KIND, row.secret))
    name = found[0].name if found else str(caller.therapist_id)
    return Offer(_app(secret).get_provisioning_uri(name, ISSUER), b32encode(secret).decode().rstrip("="))


def add_app(resources: Resources, caller: Caller, code: str) -> tuple[NewSession, list[str]]:
    """Take the offered app into use with its first code; gives a renewed session and recovery codes.

    Raises InvalidInput, Conflict, ConfirmationNeeded and LimitReached.
    """
    subject = _begin_try(resources, caller)
    with resources.database.transaction(caller.practice_id) as db:
        need_fresh_to_add(db, caller)
        if rows.has_totp(db, caller.therapist_id):
            raise _app_exists()
        if not _is_code_of_app(resources, db, caller, code, confirmed=False):
            raise _wrong()
        codes = make_codes(resources, db, caller)
        session = browser_sessions.renew(resources, db, caller.key_id, completes=True)
        trail.record(db, caller, trail.FACTOR_ADDED)
    waits.succeeded(resources, (subject,))
    return session, codes


def remove_app(resources: Resources, caller: Caller) -> None:
    """Remove the authenticator app; a person who needs one is asked for another at the next sign-in.

    Raises ConfirmationNeeded.
    """
    caller.need_fresh()
    with resources.database.transaction(caller.practice_id) as db:
        if rows.remove_totp(db, caller.therapist_id):
            trail.record(db, caller, trail.FACTOR_REMOVED)


def reset(resources: Resources, caller: Caller, therapist_id: UUID, which: str) -> None:
    """Let an administrator remove a person's ``app`` (with the recovery codes) or ``passkeys``.

    Ends the person's sessions; the trail tells them. Raises NotFound, InvalidInput and ConfirmationNeeded.
    """
    caller.need_fresh()
    if which not in (APP, PASSKEYS):
        raise InvalidInput(f"A factor is one of {APP}, {PASSKEYS}.", "factor_unknown")
    with resources.database.transaction(caller.practice_id) as db:
        if api_keys.therapist(db, caller.practice_id, therapist_id) is None:
            raise NotFound("There is no such person in this practice.", "therapist_not_found")
        if which == APP:
            rows.remove_totp(db, therapist_id)
            rows.replace_codes(db, caller.practice_id, therapist_id, ())
        else:
            passkey_rows.remove_all(db, therapist_id)
        session_rows.end_all(db, caller.practice_id, therapist_id)
        ownership.audit(db, caller, trail.FACTOR_RESET, therapist_id)


def new_codes(resources: Resources, caller: Caller) -> list[str]:
    """Other recovery codes in the place of those that are left; raises ConfirmationNeeded."""
    caller.need_fresh()
    with resources.database.transaction(caller.practice_id) as db:
        return make_codes(resources, db, caller)


def confirm(resources: Resources, caller: Caller, shown: str) -> NewSession:
    """Show that it is the caller: a code of the app, a recovery code, or (without any factor) the passphrase.

    Gives the renewed session. Raises InvalidInput and LimitReached.
    """
    subject = _begin_try(resources, caller)
    by_passphrase = None
    with resources.database.transaction(caller.practice_id) as db:
        if not has_any(db, caller.therapist_id):
            found = logins.of_person(db, caller.practice_id, caller.therapist_id)
            by_passphrase = found[0].passphrase_hash if found else passphrases.NONE
    # A hash takes a third of a second: no connection is held meanwhile.
    is_passphrase = by_passphrase is not None and passphrases.matches(by_passphrase, shown)
    with resources.database.transaction(caller.practice_id) as db:
        if by_passphrase is None:
            right = _is_code_of_app(resources, db, caller, shown, confirmed=True)
            right = right or _is_recovery_code(resources, db, caller, shown)
        else:
            right = is_passphrase
        trail.record(db, caller, trail.CONFIRMED if right else trail.CONFIRM_FAILED)
        # A passphrase alone makes no sign-in complete that lacks its second factor.
        completes = by_passphrase is None
        session = browser_sessions.renew(resources, db, caller.key_id, completes=completes) if right else None
    if session is None:
        raise _wrong()
    waits.succeeded(resources, (subject,))
    return session


def _app_exists() -> Conflict:
    return Conflict("You have an authenticator app already. Remove it first.", "factor_exists")


def _begin_try(resources: Resources, caller: Caller) -> waits.Subject:
    subject = waits.by_account(resources, f"factor:{caller.therapist_id}")
    waits.begin_try(resources, (subject,))
    return subject


def _wrong() -> InvalidInput:
    reason = "This is not right. A code of the app works once, for a minute."
    return InvalidInput(reason, "factor_wrong", {"shown": [reason]})


def _is_code_of_app(
    resources: Resources, db: DbSession, caller: Caller, code: str, *, confirmed: bool
) -> bool:
    row = rows.totp(db, caller.therapist_id)
    digits = "".join(code.split())
    if row is None or (row.confirmed_at is not None) != confirmed or len(digits) != _DIGITS:
        return False
    subject = Subject(caller.practice_id, caller.therapist_id)
    app = _app(bytes.fromhex(resources.vault.open(subject, KIND, row.secret)))
    now = int(clock.now(db).timestamp()) // _STEP_SECONDS
    for step in range(now - _DRIFT_STEPS, now + _DRIFT_STEPS + 1):
        if hmac.compare_digest(app.generate(step * _STEP_SECONDS), digits.encode()):
            return rows.use_totp(db, caller.therapist_id, step)
    return False


def _app(secret: bytes) -> TOTP:
    return TOTP(secret, _DIGITS, SHA1(), _STEP_SECONDS)  # noqa: S303 - what authenticator apps speak


def _is_recovery_code(resources: Resources, db: DbSession, caller: Caller, code: str) -> bool:
    if not rows.use_code(db, caller.therapist_id, _digest(resources, code)):
        return False
    trail.record(db, caller, trail.RECOVERY_CODE_USED)
    return True


def make_codes(resources: Resources, db: DbSession, caller: Caller) -> list[str]:
    """Other recovery codes for the caller."""
    codes = ["-".join(_random_half() for _ in range(2)) for _ in range(CODES)]
    digests = [_digest(resources, code) for code in codes]
    rows.replace_codes(db, caller.practice_id, caller.therapist_id, digests)
    trail.record(db, caller, trail.RECOVERY_CODES_MADE)
    return codes


def _random_half() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_HALF))


def _digest(resources: Resources, code: str) -> bytes:
    plain = "".join(character for character in code.casefold() if character.isalnum())
    return hmac.digest(resources.vault.keys.pepper, b"recovery-code:" + plain.encode(), "sha256")

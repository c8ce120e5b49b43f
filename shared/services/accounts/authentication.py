"""Who calls with an API key, and why a key is not taken."""

import hmac
from datetime import timedelta

import structlog
from sqlalchemy.orm import Session as DbSession

from shared.db.queries.people import api_keys
from shared.db.tables.core import ApiKey, Therapist
from shared.domain.errors import NotAuthenticated
from shared.services.access.caller import SCOPES_OF_ROLE, Caller
from shared.services.accounts import credentials, key_networks
from shared.services.accounts.credentials import Credential
from shared.services.resources import Resources
from shared.vault.keyring import KeyRing

log = structlog.get_logger(__name__)

_USE_IS_NOTED_EVERY = timedelta(minutes=1)


class KeyRefused(NotAuthenticated):
    """A key that is not taken. ``reason`` and ``key`` (if it is known) are for the audit trail alone."""

    def __init__(self, detail: str, reason: str, key: ApiKey | None) -> None:
        super().__init__(detail)
        self.reason, self.key = reason, key


def authenticate(
    resources: Resources, presented: str, request_id: str | None = None, address: str | None = None
) -> Caller:
    """The caller with this key; raises KeyRefused, with one text for every cause."""
    credential = credentials.read(presented)
    if credential is None:
        raise _refused("key_malformed")
    with resources.database.operating() as db:
        found = api_keys.with_owner(db, credential.prefix)
        peppers = resources.vault.keys.peppers
        wrong = _what_is_wrong(found, credential, peppers, address)
        if found is not None and wrong is None:
            _note_use(db, found[0], credential, peppers)
    if found is None or wrong is not None:
        raise _refused(wrong or "key_unknown", found[0] if found else None)
    key, person, _ = found
    return Caller(
        practice_id=key.practice_id,
        therapist_id=person.id,
        role=person.role,
        # Never more than the role may have. The key's row may hold more, also scopes of a newer release that
        # runs beside this one.
        scopes=frozenset(scope for scope in SCOPES_OF_ROLE[person.role] if scope in key.scopes),
        key_id=key.id,
        request_id=request_id,
        address=address,
    )


def _note_use(db: DbSession, key: ApiKey, credential: Credential, peppers: KeyRing) -> None:
    """Keep when the key was used, and its digest under the present pepper."""
    api_keys.note_use(db, key.id, at_most_every=_USE_IS_NOTED_EVERY)
    if key.pepper_version < peppers.current.version:
        renewed = credential.digest(peppers.current.secret)
        api_keys.renew_digest(db, key.id, renewed, peppers.current.version)


def _what_is_wrong(
    found: tuple[ApiKey, Therapist, bool] | None,
    credential: Credential,
    peppers: KeyRing,
    address: str | None,
) -> str | None:
    """Why the key is not taken, as the trail says it; None if it is."""
    if found is None:
        return "key_unknown"
    key, person, expired = found
    pepper = peppers.find(key.pepper_version)
    if pepper is None or not hmac.compare_digest(credential.digest(pepper.secret), key.digest):
        return "key_wrong_secret"
    if key.revoked_at is not None:
        return "key_revoked"
    if expired:
        return "key_expired"
    if not key_networks.hold(key.networks, address):
        return "key_from_elsewhere"
    return None if person.disabled_at is None else "person_disabled"


def known_key(resources: Resources, text: str) -> ApiKey | None:
    """The key that ``text`` holds, if its id part is known: whose trail a leak belongs to."""
    match = credentials.PATTERN.search(text)
    if match is None or match[1] != credentials.KEY:
        return None
    with resources.database.operating() as db:
        found = api_keys.with_owner(db, match[2])
    return None if found is None else found[0]


def _refused(reason: str, key: ApiKey | None = None) -> KeyRefused:
    log.info("authentication_failed", code=reason)
    return KeyRefused("Send a valid API key as `Authorization: Bearer ssk_...`.", reason, key)

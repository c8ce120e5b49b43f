"""API keys for their owners and administrators: read, listed, revoked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from shared.db.connection import clock
from shared.db.queries.people import api_keys
from shared.db.tables.core import ApiKey
from shared.domain.errors import NotAuthenticated
from shared.services.access.caller import Caller
from shared.services.accounts import accounts
from shared.services.resources import Resources

# So long a new key is shown on the first page of the person whom it acts for.
NEW_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Acting:
    """A key that acts for a person, and whether it is new to them."""

    key: ApiKey
    is_new: bool


def require_good(resources: Resources, caller: Caller) -> None:
    """Raise NotAuthenticated if the key that the caller began with has ended since."""
    with resources.database.operating() as db:
        ended = api_keys.has_ended(db, caller.key_id)
    if ended:
        raise NotAuthenticated("The key has ended meanwhile: it was revoked or its owner was disabled.")


def get_key(resources: Resources, caller: Caller, key_id: UUID) -> ApiKey:
    """One of the keys that the caller may manage; raises NotFound."""
    with resources.database.transaction(caller.practice_id) as db:
        found = api_keys.get(db, caller.practice_id, key_id, accounts.whose(caller))
        accounts.record(db, caller.practice_id, "key.read", key_id, caller)
    if found is None:
        raise accounts.no_such_key()
    return found


def list_keys(resources: Resources, caller: Caller) -> Sequence[ApiKey]:
    """The practice's keys for an administrator, else all keys that act for the caller."""
    with resources.database.transaction(caller.practice_id) as db:
        accounts.record(db, caller.practice_id, "key.list", None, caller)
        return api_keys.listed(db, caller.practice_id, accounts.whose(caller))


def acting_for(resources: Resources, caller: Caller) -> list[Acting]:
    """The keys that act for the caller and still work, newest first: what they are told of without asking."""
    with resources.database.transaction(caller.practice_id) as db:
        now = clock.now(db)
        keys = api_keys.listed(db, caller.practice_id, caller.therapist_id)
    good = [
        key for key in keys if key.revoked_at is None and (key.expires_at is None or key.expires_at > now)
    ]
    good.sort(key=lambda key: key.created_at, reverse=True)
    return [Acting(key, key.created_at > now - NEW_FOR) for key in good]


def revoke_key(resources: Resources, caller: Caller, key_id: UUID) -> None:
    """End a key from its next request on; a second time changes nothing. Raises NotFound."""
    with resources.database.transaction(caller.practice_id) as db:
        if not api_keys.revoke(db, caller.practice_id, key_id, accounts.whose(caller)):
            raise accounts.no_such_key()
        accounts.record(db, caller.practice_id, "key.revoke", key_id, caller)

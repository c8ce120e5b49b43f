"""Rotation: a new key in the place of an old one, both good for a while."""

from datetime import timedelta
from uuid import UUID

from shared.db.connection import clock
from shared.db.queries.people import api_keys
from shared.db.tables.core import ApiKey
from shared.domain.errors import Conflict
from shared.services.access.caller import Caller, Scope
from shared.services.accounts import accounts
from shared.services.accounts.rotation_overlap import DEFAULT_OVERLAP_HOURS, check_overlap
from shared.services.resources import Resources


def rotate(
    resources: Resources,
    caller: Caller,
    key_id: UUID,
    overlap_hours: int = DEFAULT_OVERLAP_HOURS,
    expires_in_days: int = accounts.DEFAULT_EXPIRY_DAYS,
) -> tuple[ApiKey, str]:
    """A new key of the same person, label, scopes and networks, and its secret, which is never shown again.

    The old key ends after ``overlap_hours`` (0: at once), or sooner if it would have anyway.
    Raises NotFound, InvalidInput (times), Conflict (the old key has ended already, or its owner
    is disabled) or NotAllowed (another person's key, or the caller's own lacks scopes of this one).
    """
    accounts.check_expiry(expires_in_days)
    check_overlap(overlap_hours)
    with resources.database.transaction(caller.practice_id) as db:
        old = api_keys.to_rotate(db, caller.practice_id, key_id, accounts.whose(caller))
        person = api_keys.therapist(db, caller.practice_id, old.therapist_id) if old is not None else None
        if old is None or person is None:
            raise accounts.no_such_key()
        accounts.require_own(caller, person.id)
        if old.revoked_at is not None or (old.expires_at is not None and old.expires_at <= clock.now(db)):
            raise Conflict("The key has ended; make a new one.", "key_ended")
        scopes = [Scope(scope) for scope in old.scopes]
        made = accounts.add_key(
            resources, db, person, scopes, old.label, expires_in_days, caller, old.networks
        )
        api_keys.end_in(db, old.id, timedelta(hours=overlap_hours))
        accounts.record(db, caller.practice_id, "key.rotate", old.id, caller)
        return made

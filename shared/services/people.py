"""The people of a practice, as its administrators manage them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from shared.db import keys
from shared.db.tables import Therapist
from shared.domain.errors import Conflict, NotFound
from shared.services import accounts
from shared.services.callers import Caller
from shared.services.resources import Resources


def listed(resources: Resources, caller: Caller) -> Sequence[Therapist]:
    """Everybody in the caller's practice, first come first."""
    with resources.database.transaction(caller.practice_id) as db:
        accounts.record(db, caller.practice_id, "therapist.list", None, caller)
        return keys.people_of(db, caller.practice_id)


def create(resources: Resources, caller: Caller, name: str, role: str) -> Therapist:
    """A new ``therapist`` or ``administrator`` in the caller's practice, without a key yet."""
    with resources.database.transaction(caller.practice_id) as db:
        return accounts.add_person(db, caller.practice_id, name, role, caller)


def change(resources: Resources, caller: Caller, therapist_id: UUID, changes: Mapping[str, Any]) -> Therapist:
    """Set what ``changes`` holds: ``name``, ``disabled``.

    Of who is disabled no key is taken from the next request on; enabled again, those that were
    neither revoked nor have expired work as before. Raises NotFound, and Conflict where callers
    would disable themselves: a practice must not be left without an administrator.
    """
    with resources.database.transaction(caller.practice_id) as db:
        person = keys.therapist(db, caller.practice_id, therapist_id)
        if person is None:
            raise NotFound("There is no such person in this practice.", "therapist_not_found")
        if changes.get("disabled") and therapist_id == caller.therapist_id:
            raise Conflict("Nobody disables themselves; ask another administrator.", "own_account")
        if "name" in changes:
            person.name = changes["name"]
            accounts.record(db, caller.practice_id, "therapist.rename", therapist_id, caller)
        if "disabled" in changes:
            person.disabled_at = (person.disabled_at or datetime.now(UTC)) if changes["disabled"] else None
            action = "therapist.disable" if changes["disabled"] else "therapist.enable"
            accounts.record(db, caller.practice_id, action, therapist_id, caller)
        return person

"""The people of a practice, as its administrators manage them."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.connection import clock
from shared.db.queries.people import api_keys
from shared.db.queries.privacy import supervision
from shared.db.tables.core import Therapist
from shared.domain.errors import Conflict, NotFound
from shared.services.access import ownership
from shared.services.access.caller import Caller
from shared.services.accounts import accounts
from shared.services.resources import Resources


def listed(resources: Resources, caller: Caller) -> Sequence[Therapist]:
    """Everybody in the caller's practice, first come first."""
    with resources.database.transaction(caller.practice_id) as db:
        accounts.record(db, caller.practice_id, "therapist.list", None, caller)
        return api_keys.people_of(db, caller.practice_id)


def create(resources: Resources, caller: Caller, name: str, role: str) -> Therapist:
    """A new ``therapist`` or ``administrator`` in the caller's practice, without a key yet."""
    with resources.database.transaction(caller.practice_id) as db:
        return accounts.add_person(db, caller.practice_id, name, role, caller)


def change(resources: Resources, caller: Caller, therapist_id: UUID, changes: Mapping[str, Any]) -> Therapist:
    """Set what ``changes`` holds: ``name``, ``disabled``, ``supervisor_id``.

    Of who is disabled no key is taken from the next request on; enabled again, those that were
    neither revoked nor have expired work as before. Raises NotFound, and Conflict where callers
    would disable themselves: a practice must not be left without an administrator.
    """
    with resources.database.transaction(caller.practice_id) as db:
        person = api_keys.therapist(db, caller.practice_id, therapist_id)
        if person is None:
            raise NotFound("There is no such person in this practice.", "therapist_not_found")
        if changes.get("disabled"):
            _require_may_be_disabled(db, caller, person)
        if "name" in changes:
            person.name = changes["name"]
            accounts.record(db, caller.practice_id, "therapist.rename", therapist_id, caller)
        if "disabled" in changes:
            _set_disabled(db, caller, person, is_disabled=changes["disabled"])
        if "supervisor_id" in changes:
            _set_supervisor(db, caller, person, changes["supervisor_id"])
        return person


def _require_may_be_disabled(db: DbSession, caller: Caller, person: Therapist) -> None:
    if person.id == caller.therapist_id:
        raise Conflict("You cannot disable yourself. Ask another administrator.", "own_account")
    if person.role == accounts.ADMINISTRATOR:
        _require_other_administrator(db, person)


def _set_disabled(db: DbSession, caller: Caller, person: Therapist, *, is_disabled: bool) -> None:
    person.disabled_at = (person.disabled_at or clock.now(db)) if is_disabled else None
    action = "therapist.disable" if is_disabled else "therapist.enable"
    accounts.record(db, caller.practice_id, action, person.id, caller)


def _set_supervisor(db: DbSession, caller: Caller, person: Therapist, supervisor_id: UUID | None) -> None:
    _require_supervisor(db, person, supervisor_id)
    if supervisor_id != person.supervisor_id:
        _close_sessions(db, caller, person)
    person.supervisor_id = supervisor_id
    accounts.record(db, caller.practice_id, "therapist.supervise", person.id, caller)


def _close_sessions(db: DbSession, caller: Caller, person: Therapist) -> None:
    """Close what the person opened to their supervisor, who would have it again if set back."""
    for session_id in supervision.end_of_therapist(db, person.id):
        ownership.audit(db, caller, "supervision.revoke", session_id)


def _require_other_administrator(db: DbSession, person: Therapist) -> None:
    if not api_keys.has_other_administrator(db, person.practice_id, person.id):
        raise Conflict(
            "The practice would be without an active administrator. Enable another one first.",
            "last_administrator",
        )


def _require_supervisor(db: DbSession, person: Therapist, supervisor_id: UUID | None) -> None:
    """Raise Conflict unless this active therapist may supervise the person, whom they do not answer to."""
    if supervisor_id is None:
        return
    boss = api_keys.therapist(db, person.practice_id, supervisor_id)
    if (
        person.role != accounts.THERAPIST
        or boss is None
        or boss.role != accounts.THERAPIST
        or boss.disabled_at
    ):
        raise Conflict("Therapists are supervised by an active therapist of the practice.", "no_supervisor")
    above: Therapist | None = boss
    for _ in range(100):  # a chain of supervisors that comes back to the person would never end
        if above is None:
            return
        if above.id == person.id:
            break
        above = (
            api_keys.therapist(db, person.practice_id, above.supervisor_id) if above.supervisor_id else None
        )
    raise Conflict(
        "A therapist cannot supervise themselves, directly or through others. Choose another supervisor.",
        "supervision_in_a_circle",
    )

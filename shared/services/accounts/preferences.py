"""A person's preferences."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session as DbSession

from shared.db.queries.people import api_keys
from shared.db.tables.core import Therapist
from shared.domain.errors import NotFound
from shared.domain.preferences import Preferences
from shared.services.access.caller import Caller
from shared.services.accounts import accounts
from shared.services.resources import Resources


def get(resources: Resources, caller: Caller) -> Preferences:
    """What the caller chose; raises NotFound."""
    with resources.database.transaction(caller.practice_id) as db:
        return _of(_person(db, caller))


def change(resources: Resources, caller: Caller, changes: Mapping[str, Any]) -> Preferences:
    """Keep what the caller chose now, by the names of ``Preferences``; the rest stays. Raises NotFound."""
    with resources.database.transaction(caller.practice_id) as db:
        person = _person(db, caller)
        person.theme = changes.get("theme", person.theme)
        person.playback_speed = changes.get("playback_speed", person.playback_speed)
        accounts.record(db, caller.practice_id, "preferences.change", caller.therapist_id, caller)
        return _of(person)


def _person(db: DbSession, caller: Caller) -> Therapist:
    person = api_keys.therapist(db, caller.practice_id, caller.therapist_id)
    if person is None:
        raise NotFound("There is no such person.", "therapist_not_found")
    return person


def _of(person: Therapist) -> Preferences:
    return Preferences(person.theme, person.playback_speed)

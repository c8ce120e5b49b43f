"""The audit trail of a practice, for its administrators: who did what with which record, and when."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.db.queries import api_keys, audit
from shared.services.access import ownership
from shared.services.access.caller import Caller
from shared.services.resources import Resources

PAGE = 100


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the trail; ``actor``: a person's name, or what else acted. No content of any record."""

    id: int
    at: datetime
    actor: str
    action: str
    subject_id: UUID | None
    code: str | None
    address: str | None


def page(
    resources: Resources,
    caller: Caller,
    *,
    before: int | None = None,
    person_id: UUID | None = None,
    subject_id: UUID | None = None,
) -> list[Line]:
    """The newest lines, at most PAGE, or those before one; that they were read is a line of its own."""
    with resources.database.transaction(caller.practice_id) as db:
        people = {str(person.id): person.name for person in api_keys.people_of(db, caller.practice_id)}
        found = audit.page(
            db, caller.practice_id, before=before, person_id=person_id, subject_id=subject_id, limit=PAGE
        )
        ownership.audit(db, caller, "trail.read", subject_id or person_id)
    return [
        Line(
            event.id,
            event.at,
            people.get(event.actor.partition(":")[2], event.actor),
            event.action,
            event.subject_id,
            event.code,
            event.address,
        )
        for event in found
    ]

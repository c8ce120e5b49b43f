"""The first practice of a deployment, with an administrator and a therapist to enrol."""

from dataclasses import dataclass, field
from uuid import UUID, uuid4

from shared.db.queries.people import api_keys
from shared.services.accounts import enrolment
from shared.services.accounts.accounts import ADMINISTRATOR, THERAPIST, add_person, add_practice
from shared.services.resources import Resources


@dataclass(frozen=True, slots=True)
class FirstAccounts:
    """What ``bootstrap`` found or made; enrolment codes only if it made the practice.

    ``administrator_code``: with which a first administrator signs in with a browser, while none does.
    """

    practice_id: UUID
    administrator_id: UUID
    therapist_id: UUID
    administrator_enrolment: str | None = field(default=None, repr=False)
    therapist_enrolment: str | None = field(default=None, repr=False)
    administrator_code: str | None = field(default=None, repr=False)


def bootstrap(
    resources: Resources,
    practice_name: str,
    therapist_name: str = "Therapist",
    administrator_name: str = "Administrator",
) -> FirstAccounts:
    """The practice of this name with an administrator, a therapist and an enrolment code for each.

    All in one transaction. If the practice exists nothing is made, and there are no codes.
    """
    with resources.database.operating() as names:
        api_keys.lock_names(names)  # until this block ends: no other process adds the name meanwhile
        practice = api_keys.practice_named(names, practice_name)
        if practice is not None:
            return _accounts_of(resources, practice.id)
        practice_id = uuid4()
        with resources.database.transaction(practice_id) as db:
            add_practice(db, practice_id, practice_name)
            administrator = add_person(db, practice_id, administrator_name, ADMINISTRATOR)
            therapist = add_person(db, practice_id, therapist_name, THERAPIST)
            return FirstAccounts(
                practice_id,
                administrator.id,
                therapist.id,
                enrolment.add_code(resources, db, administrator, None).code,
                enrolment.add_code(resources, db, therapist, None).code,
            )


def _accounts_of(resources: Resources, practice_id: UUID) -> FirstAccounts:
    with resources.database.transaction(practice_id) as db:
        administrator, *_ = api_keys.people_of(db, practice_id, ADMINISTRATOR)
        therapist, *_ = api_keys.people_of(db, practice_id, THERAPIST)
        return FirstAccounts(practice_id, administrator.id, therapist.id)

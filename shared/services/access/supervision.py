"""Supervision: a therapist opens a session to their supervisor, who hears and reads it until it is closed.

As with emergency access the reads go through the services that the therapist uses, as the therapist, in
transactions in which row-level security shows this one session and writes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.queries.people import api_keys
from shared.db.queries.privacy import supervision as rows
from shared.db.tables.core import Therapist
from shared.db.tables.supervision import SupervisionGrant
from shared.domain.errors import Conflict, NotFound
from shared.services.access import ownership
from shared.services.access.caller import Caller, Scope
from shared.services.access.narrowed import NarrowedDatabase
from shared.services.resources import Resources

_SCOPES = frozenset({Scope.SESSIONS_READ, Scope.NOTES_READ})
_MOST = 1000


@dataclass(frozen=True, slots=True)
class Standing:
    """Who supervises the session's therapist, and since when the session is open to them."""

    supervisor_id: UUID | None
    supervisor: str | None
    granted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Open:
    """A session that is open to a supervisor. ``person``: the other of the two, by name."""

    session_id: UUID
    session_date: datetime
    person_id: UUID
    person: str
    granted_at: datetime


@dataclass(frozen=True, slots=True)
class Supervision:
    """The sessions that are open to the caller, and those that the caller opened."""

    open: Sequence[Open]
    granted: Sequence[Open]


def standing(resources: Resources, caller: Caller, session_id: UUID) -> Standing:
    """Whether the caller's session is open to their supervisor; raises NotFound."""
    with resources.database.transaction(caller.practice_id) as db:
        ownership.own(db, caller, session_id)
        return _standing(db, caller, session_id)


def grant(resources: Resources, caller: Caller, session_id: UUID) -> Standing:
    """Open the caller's session to their supervisor; raises NotFound, and Conflict without a supervisor."""
    with resources.database.transaction(caller.practice_id) as db:
        ownership.own(db, caller, session_id, hold=True)
        supervisor = _supervisor(db, caller)
        if supervisor is None:
            raise Conflict(
                "You have no supervisor. An administrator says who supervises you.", "no_supervisor"
            )
        if _standing(db, caller, session_id).granted_at is None:
            rows.end(db, session_id)  # to one who supervised before
            whose = {"therapist_id": caller.therapist_id, "supervisor_id": supervisor.id}
            db.add(SupervisionGrant(session_id=session_id, practice_id=caller.practice_id, **whose))
            db.flush()
            ownership.audit(db, caller, "supervision.grant", session_id)
        return _standing(db, caller, session_id)


def revoke(resources: Resources, caller: Caller, session_id: UUID) -> Standing:
    """Close the caller's session to their supervisor; raises NotFound."""
    with resources.database.transaction(caller.practice_id) as db:
        ownership.own(db, caller, session_id, hold=True)
        if rows.of_session(db, session_id) is not None:
            rows.end(db, session_id)
            ownership.audit(db, caller, "supervision.revoke", session_id)
        return _standing(db, caller, session_id)


def listed(resources: Resources, caller: Caller) -> Supervision:
    """What is open to the caller, and what the caller opened, the latest sessions first."""
    with resources.database.transaction(caller.practice_id) as db:
        names = {person.id: person.name for person in api_keys.people_of(db, caller.practice_id)}
        mine = rows.to_supervisor(db, caller.therapist_id, _MOST)
        given = rows.by_therapist(db, caller.therapist_id, _MOST)
    return Supervision(
        [Open(session, on, who, names.get(who, ""), at) for session, on, who, _, at in mine],
        [Open(session, on, boss, names.get(boss, ""), at) for session, on, _, boss, at in given],
    )


def reading(resources: Resources, caller: Caller, session_id: UUID) -> tuple[Resources, Caller]:
    """Resources and caller with which services read the session; raises NotFound.

    In the trail the reads have the actor ``supervision:`` and who reads.
    """
    with resources.database.transaction(caller.practice_id) as db:
        found = rows.lasting(db, caller.therapist_id, session_id)
    if found is None:
        raise NotFound(
            "There is no such session, or it is not open to you. Ask its therapist to open it.",
            "session_not_found",
        )
    settings = {"app.supervised_session": session_id, "app.supervisor": caller.therapist_id}
    narrow = replace(resources, database=NarrowedDatabase(resources.database, settings))
    as_owner = replace(
        caller,
        therapist_id=found.therapist_id,
        scopes=caller.scopes & _SCOPES,
        reads_as=f"supervision:{caller.therapist_id}",
    )
    return narrow, as_owner


def _supervisor(db: DbSession, caller: Caller) -> Therapist | None:
    person = api_keys.therapist(db, caller.practice_id, caller.therapist_id)
    if person is None or person.supervisor_id is None:
        return None
    return api_keys.therapist(db, caller.practice_id, person.supervisor_id)


def _standing(db: DbSession, caller: Caller, session_id: UUID) -> Standing:
    supervisor = _supervisor(db, caller)
    if supervisor is None:
        return Standing(None, None, None)
    found = rows.lasting(db, supervisor.id, session_id)
    return Standing(supervisor.id, supervisor.name, found.granted_at if found else None)

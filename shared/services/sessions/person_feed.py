"""Following all sessions of one person: what has changed since a client last heard of them."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.queries.records import events, sessions
from shared.db.queries.work import progress
from shared.services.access import ownership
from shared.services.access.caller import Caller
from shared.services.resources import Resources
from shared.services.sessions.event_feed import Change

MOST_CHANGES = 500
MOST_FOLLOWED = 200


@dataclass(frozen=True, slots=True)
class OwnChange:
    """A change of one of the person's sessions."""

    session_id: UUID
    change: Change


@dataclass(frozen=True, slots=True)
class OwnNews:
    """Changes by their ids, and how far each unfinished session is: percent, and seconds left if known."""

    changes: tuple[OwnChange, ...]
    progress: dict[UUID, tuple[int, int | None]]


def begin(resources: Resources, caller: Caller, event_id: int | None) -> int:
    """Note that the caller follows their sessions; gives the id to ask ``news`` with.

    Without an id of before, or with one that is yet to come, that is the newest.
    """
    with resources.database.transaction(caller.practice_id) as db:
        ownership.audit(db, caller, "sessions.follow", None)
        newest = events.newest(db)
    return newest if event_id is None else min(event_id, newest)


def news(resources: Resources, caller: Caller, after: int) -> OwnNews:
    """What came after ``after``, and again what came in the last minute."""
    with resources.database.transaction(caller.practice_id) as db:
        found = events.of_therapist(db, caller.therapist_id, after, MOST_CHANGES)
        far = _progress(db, caller)
    changes = tuple(
        OwnChange(event.session_id, Change(event.id, event.status, event.code, event.at)) for event in found
    )
    return OwnNews(changes, far)


def _progress(db: DbSession, caller: Caller) -> dict[UUID, tuple[int, int | None]]:
    working = sessions.unfinished_of(db, caller.therapist_id, MOST_FOLLOWED)
    reached = progress.of_sessions(db, working) if working else {}
    told = {}
    for session_id in working:
        far = reached.get(session_id, progress.NONE_YET)
        left = None if far.seconds_left is None else round(far.seconds_left)
        told[session_id] = (round(far.share * 100), left)
    return told

"""Following a session: what has changed since a client last heard of it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.db.queries.records import events
from shared.db.queries.work import progress
from shared.domain.status import FINAL, Status
from shared.services.access import ownership
from shared.services.access.caller import Caller
from shared.services.alerts import risk_alerts
from shared.services.resources import Resources

RISK_CODES = frozenset({risk_alerts.FOUND, risk_alerts.OVERDUE})


@dataclass(frozen=True, slots=True)
class Change:
    """A change of status; of one session the ids rise. ``code``: why it failed, or one of
    RISK_CODES where not the status changed but a finding of risk must be acknowledged."""

    id: int
    status: Status
    code: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class News:
    """Changes in their order, and where the session stands: ``progress`` is 0 to 100.

    ``seconds_left`` as in ``Progress``, in whole seconds.
    """

    changes: tuple[Change, ...]
    progress: int
    ended: bool
    seconds_left: int | None = None


def begin(resources: Resources, caller: Caller, session_id: UUID, event_id: int) -> int:
    """Note that the caller follows the session from ``event_id`` on; raises NotFound.

    Gives the id to ask ``news`` with: 0, the beginning, if the one given is no event of this session.
    """
    with resources.database.transaction(caller.practice_id) as db:
        ownership.own(db, caller, session_id)
        ownership.audit(db, caller, "session.follow", session_id)
        return event_id if events.exists(db, session_id, event_id) else 0


def news(resources: Resources, caller: Caller, session_id: UUID, event_id: int) -> News:
    """What came after ``event_id``; raises NotFound, also once the session is deleted."""
    with resources.database.transaction(caller.practice_id) as db:
        row = ownership.own(db, caller, session_id)
        found = events.after(db, session_id, event_id)
        far = {} if row.status in FINAL else progress.of_sessions(db, [session_id])
    reached = far.get(session_id, progress.NONE_YET)
    changes = tuple(Change(event.id, event.status, event.code, event.at) for event in found)
    newest = changes[-1].status if changes else row.status
    percent = 100 if newest == Status.PROCESSED else round(reached.share * 100)
    left = None if newest in FINAL or reached.seconds_left is None else round(reached.seconds_left)
    return News(changes, percent, ended=newest in FINAL, seconds_left=left)

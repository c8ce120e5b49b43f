"""The history of a session: each attempt of each step, and each change of status. Ids and codes only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.queries.privacy import audit
from shared.db.queries.records import events, sessions
from shared.db.tables.core import AuditEvent, TherapySession
from shared.db.tables.lifecycle import SessionEvent
from shared.services.access import ownership
from shared.services.access.caller import Caller
from shared.services.resources import Resources


@dataclass(frozen=True, slots=True)
class Attempt:
    """One run of a step. ``outcome`` ``running`` has no end yet, ``lost`` never told one."""

    step: str
    part: int
    attempt: int
    worker: str
    started_at: datetime
    ended_at: datetime | None = None
    outcome: str = "running"
    code: str | None = None

    @property
    def duration_seconds(self) -> float | None:
        """By Postgres's clock; None without an end."""
        return round((self.ended_at - self.started_at).total_seconds(), 3) if self.ended_at else None


@dataclass(frozen=True, slots=True)
class History:
    """What happened to a session, oldest first."""

    session: TherapySession
    changes: Sequence[SessionEvent]
    attempts: Sequence[Attempt]


def of_own(resources: Resources, caller: Caller, session_id: UUID) -> History:
    """The history of one of the caller's own sessions; raises NotFound."""
    with resources.database.transaction(caller.practice_id) as db:
        return _told(db, caller, ownership.own(db, caller, session_id))


def of_any(resources: Resources, caller: Caller, session_id: UUID) -> History:
    """The history of any session of the caller's practice, for administrators; raises NotFound."""
    with resources.database.transaction(caller.practice_id) as db:
        row = sessions.get(db, session_id)
        if row is None:
            raise ownership.no_such_session()
        return _told(db, caller, row)


def _told(db: DbSession, caller: Caller, row: TherapySession) -> History:
    ownership.audit(db, caller, "session.history", row.id)
    return History(row, events.after(db, row.id, 0), attempts_in(audit.about_steps(db, row.id)))


def attempts_in(lines: Iterable[AuditEvent]) -> list[Attempt]:
    """The attempts that the lines of the audit trail about steps tell of, by their beginnings.

    An attempt that another worker took over is ``lost``, or ``fenced`` if its worker came back.
    """
    found: list[Attempt] = []
    for line in lines:
        outcome = line.action.removeprefix("step.")
        if outcome == "started":
            _lose_open(found, line, "lost")
            found.append(_begun(line))
        else:
            _close(found, line, outcome)
    return found


def _begun(line: AuditEvent) -> Attempt:
    worker = line.actor.removeprefix("worker:")
    return Attempt(line.step or "", line.part or 0, line.attempt or 0, worker, line.at)


def _close(found: list[Attempt], line: AuditEvent, outcome: str) -> None:
    if line.attempt is None:  # the dispatcher's: it gave the step up, whose worker was not heard of any more
        for position, attempt in enumerate(found):
            if attempt.step == line.step and attempt.outcome == "running":
                found[position] = replace(attempt, ended_at=line.at, outcome=outcome, code=line.code)
        return
    mine = (line.step, line.part, line.attempt, line.actor.removeprefix("worker:"))
    for position in reversed(range(len(found))):
        attempt = found[position]
        if (attempt.step, attempt.part, attempt.attempt, attempt.worker) == mine:
            found[position] = replace(attempt, ended_at=line.at, outcome=outcome, code=line.code)
            return


def _lose_open(found: list[Attempt], line: AuditEvent, outcome: str) -> None:
    """Mark the open attempt at the same part as ended by this one."""
    for position, attempt in enumerate(found):
        if (attempt.step, attempt.part, attempt.outcome) == (line.step, line.part, "running"):
            found[position] = replace(attempt, outcome=outcome)

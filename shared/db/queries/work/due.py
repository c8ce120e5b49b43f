"""Sessions with due work and no worker: the dispatcher's query, twice a second."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session as DbSession

from shared.db.queries.work.step_claims import claimable, lost
from shared.db.tables.core import StepRow, TherapySession
from shared.domain.status import UNFINISHED


@dataclass(frozen=True, slots=True)
class Due:
    """A session that the dispatcher must send a message for."""

    session_id: UUID
    practice_id: UUID
    request_id: str | None = None


def take(db: DbSession, *, redispatch_seconds: float, limit: int) -> list[Due]:
    """Sessions with due work and no worker, each put off by a growing pause for the next look.

    The pause doubles from ``redispatch_seconds`` up to ten minutes. Callers side by side
    never get the same session.
    """
    someone_must = select(StepRow.session_id).where(StepRow.session_id == TherapySession.id, claimable())
    due = (
        select(TherapySession.id)
        .where(
            TherapySession.status.in_(UNFINISHED),
            TherapySession.dispatch_after <= func.now(),
            someone_must.exists(),
        )
        .order_by(TherapySession.dispatch_after)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = db.scalars(due).all()
    pause = func.least(redispatch_seconds * func.power(2, func.least(TherapySession.dispatches, 16)), 600)
    rows = db.execute(
        update(TherapySession)
        .where(TherapySession.id.in_(ids))
        .values(
            dispatch_after=func.now() + func.make_interval(0, 0, 0, 0, 0, 0, pause),
            dispatches=TherapySession.dispatches + 1,
        )
        .returning(TherapySession.id, TherapySession.practice_id, TherapySession.request_id)
    )
    return [Due(row.id, row.practice_id, row.request_id) for row in rows]


def exhausted(db: DbSession) -> list[tuple[Due, str]]:
    """Sessions of which a step was abandoned at its last attempt, with the step's name.

    For an operator, who holds none of them: the code that fails the step looks again.
    """
    rows = db.execute(
        select(StepRow.session_id, StepRow.practice_id, StepRow.name, TherapySession.request_id)
        .distinct()
        .join(TherapySession, TherapySession.id == StepRow.session_id)
        .where(TherapySession.status.in_(UNFINISHED), lost())
    )
    return [(Due(row.session_id, row.practice_id, row.request_id), row.name) for row in rows]


def all_now(db: DbSession) -> int:
    """Have the dispatcher look at every unfinished session at once; gives their number."""
    rows = db.execute(
        update(TherapySession)
        .where(TherapySession.status.in_(UNFINISHED), TherapySession.dispatch_after > func.now())
        .values(dispatch_after=func.now(), dispatches=0)
        .returning(TherapySession.id)
    )
    return len(rows.all())

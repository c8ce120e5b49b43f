"""Claims on steps: taken by compare-and-set, held by a lease, ended once."""

import time
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Row, and_, func, or_, select, update
from sqlalchemy.orm import Session as DbSession

from shared.db.tables import StepRow, TherapySession
from shared.domain.status import UNFINISHED, StepState
from shared.pipeline import Step
from shared.vault.sealing import Subject


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on one step (or chunk) of a session for a while."""

    session_id: UUID
    practice_id: UUID
    step: str
    part: int
    attempt: int
    max_attempts: int
    token: UUID
    worker: str
    request_id: str | None = None
    took_over: bool = False  # from a worker that was not heard of any more
    claimed_at: float = field(default_factory=time.monotonic, compare=False)

    @property
    def subject(self) -> Subject:
        """Whose key seals what the step reads and writes."""
        return Subject(self.practice_id, self.session_id)


def claimable() -> ColumnElement[bool]:
    """Whether a step may be claimed now: ready and due, or abandoned by whoever had it."""
    ready = and_(
        StepRow.state == StepState.READY,
        or_(StepRow.not_before.is_(None), StepRow.not_before <= func.now()),
    )
    return and_(or_(ready, abandoned()), StepRow.attempt < StepRow.max_attempts)


def abandoned() -> ColumnElement[bool]:
    """Whether a step is running with nobody's lease on it, or past its deadline."""
    return and_(
        StepRow.state == StepState.RUNNING,
        or_(StepRow.lease_until < func.now(), StepRow.deadline_at < func.now()),
    )


def claim(db: DbSession, session_id: UUID, step: Step, *, lease_seconds: float, worker: str) -> Lease | None:
    """Take the step, or its first claimable chunk; None if there is nothing to take.

    Of any number of callers exactly one gets it, and nobody once the session is final.
    """
    found = _claimable(db, session_id, step)
    if found is None:
        return None
    token = uuid4()
    row = db.execute(
        update(StepRow)
        .where(StepRow.session_id == session_id, StepRow.name == step.name, StepRow.part == found.part)
        .values(
            state=StepState.RUNNING,
            attempt=StepRow.attempt + 1,
            lease_token=token,
            lease_until=func.now() + timedelta(seconds=lease_seconds),
            deadline_at=func.now() + timedelta(seconds=step.limit_seconds),
            not_before=None,
            worker=worker,
            started_at=func.now(),
            error_code=None,
        )
        .returning(StepRow.practice_id, StepRow.attempt, StepRow.max_attempts)
    ).one()
    return Lease(
        session_id=session_id,
        practice_id=row.practice_id,
        step=step.name,
        part=found.part,
        attempt=row.attempt,
        max_attempts=row.max_attempts,
        token=token,
        worker=worker,
        request_id=found.request_id,
        took_over=found.state is StepState.RUNNING,
    )


def _claimable(db: DbSession, session_id: UUID, step: Step) -> Row[int, StepState, str | None] | None:
    """The first part of the step that may be claimed, held to the end, and whose request it follows from."""
    return db.execute(
        select(StepRow.part, StepRow.state, TherapySession.request_id)
        .join(TherapySession, TherapySession.id == StepRow.session_id)
        .where(
            StepRow.session_id == session_id,
            StepRow.name == step.name,
            TherapySession.status.in_(UNFINISHED),
            claimable(),
        )
        .order_by(StepRow.part)
        .limit(1)
        .with_for_update(of=StepRow, skip_locked=True)
    ).first()


def extend(db: DbSession, lease: Lease, *, lease_seconds: float, progress: float) -> bool:
    """Keep the lease and note the progress (0..1); False if the lease, the time or the session is gone."""
    unfinished = select(TherapySession.id).where(TherapySession.status.in_(UNFINISHED))
    result = db.execute(
        update(StepRow)
        .where(_held(lease), StepRow.deadline_at >= func.now(), StepRow.session_id.in_(unfinished))
        .values(
            lease_until=func.now() + timedelta(seconds=lease_seconds),
            progress=func.greatest(StepRow.progress, progress),
        )
        .returning(StepRow.part)
    )
    return result.first() is not None


def close(db: DbSession, lease: Lease, state: StepState, error_code: str | None = None) -> bool:
    """End the run under this lease in ``state``; False if the lease is no longer held (fenced)."""
    done = {"progress": 1.0, "done_at": func.now()} if state is StepState.DONE else {}
    attempts = {"attempt": 0} if state is StepState.FANNED_OUT else {}
    result = db.execute(
        update(StepRow)
        .where(_held(lease))
        .values(state=state, lease_until=None, error_code=error_code, **done, **attempts)
        .returning(StepRow.part)
    )
    return result.first() is not None


def postpone(
    db: DbSession, lease: Lease, *, seconds: float, error_code: str | None, free: bool = False
) -> bool:
    """Give the step back, to be claimed again after ``seconds``; False if fenced.

    ``free``: this attempt uses up none of those that the step has.
    """
    result = db.execute(
        update(StepRow)
        .where(_held(lease))
        .values(
            state=StepState.READY,
            lease_until=None,
            not_before=func.now() + timedelta(seconds=seconds),
            max_attempts=StepRow.max_attempts + int(free),
            error_code=error_code,
        )
        .returning(StepRow.part)
    )
    return result.first() is not None


def give_back(db: DbSession, lease: Lease) -> bool:
    """Free the step at once, as if this attempt had not been; False if fenced, or past its deadline.

    Past it the worker is ended because it hangs: that attempt counts, or it would hang for ever.
    """
    result = db.execute(
        update(StepRow)
        .where(_held(lease), StepRow.deadline_at >= func.now())
        .values(state=StepState.READY, lease_until=None, attempt=StepRow.attempt - 1)
        .returning(StepRow.part)
    )
    return result.first() is not None


def fail_abandoned(db: DbSession, session_id: UUID, step: Step) -> bool:
    """Fail the step's abandoned runs that have no attempt left; False if there are none (any more)."""
    failed = db.execute(
        update(StepRow)
        .where(
            StepRow.session_id == session_id,
            StepRow.name == step.name,
            abandoned(),
            StepRow.attempt >= StepRow.max_attempts,
        )
        .values(state=StepState.FAILED, lease_until=None, error_code="worker_lost")
        .returning(StepRow.part)
    )
    return failed.first() is not None


def was_closed_by(db: DbSession, lease: Lease) -> bool:
    """Whether the step is done by this very lease: the commit came through, its answer did not."""
    return bool(
        db.scalar(
            select(func.count())
            .select_from(StepRow)
            .where(
                _row_of(lease),
                StepRow.lease_token == lease.token,
                StepRow.state.in_((StepState.DONE, StepState.FANNED_OUT)),
            )
        )
    )


def _row_of(lease: Lease) -> ColumnElement[bool]:
    return and_(
        StepRow.session_id == lease.session_id, StepRow.name == lease.step, StepRow.part == lease.part
    )


def _held(lease: Lease) -> ColumnElement[bool]:
    return and_(_row_of(lease), StepRow.state == StepState.RUNNING, StepRow.lease_token == lease.token)

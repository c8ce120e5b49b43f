"""Claims on steps: taken by compare-and-set, held by a lease, ended once."""

import time
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import Boolean, ColumnElement, and_, func, literal_column, select, text, update
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.core import StepRow, TherapySession
from shared.domain.status import UNFINISHED, Status, StepState
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


# The one definition of what may be claimed, as SQL about rows of ``steps``: statements that are written out
# and conditions that SQLAlchemy composes are both made of it.
DUE = "(steps.state = 'ready' AND (steps.not_before IS NULL OR steps.not_before <= now()))"
ABANDONED = "(steps.state = 'running' AND (steps.lease_until < now() OR steps.deadline_at < now()))"
HAS_ATTEMPTS = "steps.attempt < steps.max_attempts"
CLAIMABLE = f"(({DUE} OR {ABANDONED}) AND {HAS_ATTEMPTS})"


def claimable() -> ColumnElement[bool]:
    """Whether a step may be claimed now: ready and due, or abandoned by its worker, with an attempt left."""
    return literal_column(CLAIMABLE, Boolean)


def abandoned() -> ColumnElement[bool]:
    """Whether a step is running without a valid lease, or past its deadline."""
    return literal_column(ABANDONED, Boolean)


def lost() -> ColumnElement[bool]:
    """Whether a step was abandoned at its last attempt."""
    return literal_column(f"({ABANDONED} AND NOT {HAS_ATTEMPTS})", Boolean)


UNFINISHED_WORDS = ", ".join(f"'{status}'" for status in sorted(UNFINISHED))

# One statement, which is one round trip: the session is locked first, as before every change of its
# steps; then the first unlocked row of the step is taken, in its present state (SKIP LOCKED looks again
# at a row that changed since the statement began).
_CLAIM = text(f"""
WITH held AS MATERIALIZED (
    SELECT id, status, request_id FROM sessions
    WHERE id = CAST(:session AS uuid) AND status IN ({UNFINISHED_WORDS}) FOR NO KEY UPDATE
),
found AS MATERIALIZED (
    SELECT steps.part, steps.state FROM steps JOIN held ON held.id = steps.session_id
    WHERE steps.name = :step AND {CLAIMABLE}
    ORDER BY steps.part LIMIT 1 FOR UPDATE OF steps SKIP LOCKED
)
UPDATE steps SET state = 'running', attempt = steps.attempt + 1, lease_token = CAST(:token AS uuid),
    lease_until = now() + make_interval(secs => :lease_seconds),
    deadline_at = now() + make_interval(secs => :limit_seconds),
    not_before = NULL, worker = :worker, started_at = now(), error_code = NULL
FROM found, held
WHERE steps.session_id = CAST(:session AS uuid) AND steps.name = :step AND steps.part = found.part
RETURNING steps.practice_id, steps.part, steps.attempt, steps.max_attempts,
    found.state = 'running' AS took_over, held.status, held.request_id
""")  # noqa: S608 - made of constants


def claim(
    db: DbSession, session_id: UUID, step: Step, *, lease_seconds: float, worker: str
) -> tuple[Lease, Status] | None:
    """Take the step, or its first claimable chunk, and hold the session, whose status comes with it.

    Of any number of callers exactly one gets it, and none once the session is final.
    """
    token = uuid4()
    values = {
        "session": str(session_id),
        "step": step.name,
        "token": str(token),
        "lease_seconds": lease_seconds,
        "limit_seconds": step.limit_seconds,
        "worker": worker,
    }
    row = db.execute(_CLAIM, values).first()
    if row is None:
        return None
    lease = Lease(
        session_id=session_id,
        practice_id=row.practice_id,
        step=step.name,
        part=row.part,
        attempt=row.attempt,
        max_attempts=row.max_attempts,
        token=token,
        worker=worker,
        request_id=row.request_id,
        took_over=row.took_over,
    )
    return lease, Status(row.status)


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


_FINISH = text(f"""
WITH held AS MATERIALIZED (
    SELECT status FROM sessions WHERE id = CAST(:session AS uuid) FOR NO KEY UPDATE
)
UPDATE steps SET state = :state, lease_until = NULL, error_code = NULL,
    progress = CASE WHEN :done THEN 1.0 ELSE progress END,
    done_at = CASE WHEN :done THEN now() ELSE done_at END,
    attempt = CASE WHEN :done THEN attempt ELSE 0 END
FROM held
WHERE held.status IN ({UNFINISHED_WORDS}) AND steps.session_id = CAST(:session AS uuid) AND steps.name = :step
    AND steps.part = :part AND steps.state = 'running' AND steps.lease_token = CAST(:token AS uuid)
RETURNING steps.part
""")  # noqa: S608 - made of constants


def finish(db: DbSession, lease: Lease, state: StepState) -> bool:
    """Hold the session and end the run under this lease well: in ``done``, or ``fanned_out``.

    False if the lease is no longer held, or the session is over (fenced).
    """
    values = {
        "session": str(lease.session_id),
        "step": lease.step,
        "part": lease.part,
        "token": str(lease.token),
        "state": state.value,
        "done": state is StepState.DONE,
    }
    return db.execute(_FINISH, values).first() is not None


def fail(db: DbSession, lease: Lease, error_code: str) -> bool:
    """End the run under this lease, and the step; False if the lease is no longer held (fenced)."""
    result = db.execute(
        update(StepRow)
        .where(_held(lease))
        .values(state=StepState.FAILED, lease_until=None, error_code=error_code)
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
        .where(StepRow.session_id == session_id, StepRow.name == step.name, lost())
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

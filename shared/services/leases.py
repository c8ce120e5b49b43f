"""Working under a lease: claimed, kept alive by a heartbeat, ended once.

``working_on`` is the frame of every task. Inside it no transaction is open; when the work
raises, the type of the error decides what becomes of the step, here and nowhere else.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from uuid import UUID

import structlog
from sqlalchemy.orm import Session as DbSession

from shared.db import audit, claims, sessions
from shared.db.claims import Lease
from shared.db.engine import Database, DatabaseError
from shared.domain.errors import DomainError, PermanentStepError, RetryableStepError, Unavailable
from shared.domain.status import UNFINISHED, Status, StepState
from shared.pipeline import STEPS, Step
from shared.services.heartbeat import Heartbeat, LeaseLost

log = structlog.get_logger(__name__)

BACKOFF_SECONDS = 5.0
BACKOFF_MAX_SECONDS = 600.0
FINISH_PATIENCE_SECONDS = 120.0
FINISH_PAUSE_SECONDS = 0.5


@contextmanager
def working_on(database: Database, lease: Lease, lease_seconds: float) -> Iterator[Heartbeat]:
    """Run the block under the lease; an error in it postpones or fails the step."""
    try:
        with Heartbeat(database, lease, lease_seconds) as heartbeat:
            yield heartbeat
    except LeaseLost:
        log.warning("lease_lost", **_fields(lease))
    except DomainError as error:
        _end_badly(database, lease, error)
    except Exception as error:  # noqa: BLE001 - a task is an entrance: a bug costs one attempt, not the worker
        log.error("step_broke", error=type(error).__name__, **_fields(lease))  # noqa: TRY400 - a traceback may quote
        _end_badly(database, lease, RetryableStepError("The step ended unexpectedly.", "unexpected_error"))
    except BaseException:
        _give_back(database, lease)  # SystemExit: the worker must go, another goes on at once
        raise


def claim(
    database: Database, session_id: UUID, step: Step, *, lease_seconds: float, worker: str
) -> Lease | None:
    """Take the step, or one of its chunks, and move the session to the step's status."""
    with database.transaction() as db:
        sessions.lock(db, session_id)
        lease = claims.claim(db, session_id, step, lease_seconds=lease_seconds, worker=worker)
        if lease is None:
            return None
        if not sessions.move(db, session_id, step.status):
            db.rollback()
            return None
        _audit(db, lease, "step.started", actor=f"worker:{worker}")
    log.info("step_started", worker=worker, **_fields(lease))
    return lease


def finish(
    database: Database,
    lease: Lease,
    save: Callable[[DbSession], None],
    *,
    state: StepState = StepState.DONE,
) -> None:
    """End the step well: one transaction, fenced by the lease, with what ``save`` writes.

    While Postgres is away it is tried again, for two minutes: an effect that is there already
    is not made twice, and the work is not thrown away. Raises LeaseLost if somebody else has
    the step now; then ``save`` has changed nothing.
    """
    give_up_at = time.monotonic() + FINISH_PATIENCE_SECONDS
    while True:
        try:
            return _finish_once(database, lease, save, state)
        except Unavailable:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(FINISH_PAUSE_SECONDS)


def _finish_once(
    database: Database, lease: Lease, save: Callable[[DbSession], None], state: StepState
) -> None:
    with database.transaction() as db:
        unfinished = sessions.lock(db, lease.session_id) in UNFINISHED
        if not unfinished or not claims.close(db, lease, state):
            if claims.was_closed_by(db, lease):
                return
            _audit(db, lease, "step.fenced")
            fenced = True
        else:
            save(db)
            after = STEPS[lease.step].status_after
            if (
                after is not None
                and state is StepState.DONE
                and not sessions.move(db, lease.session_id, after)
            ):
                db.rollback()
                raise LeaseLost
            _audit(db, lease, f"step.{state}")
            fenced = False
    if fenced:
        raise LeaseLost
    log.info("step_ended", state=state, **_fields(lease))


def _end_badly(database: Database, lease: Lease, error: DomainError) -> None:
    """Postpone the step or fail the session. If even that cannot be written, the lease runs out."""
    permanent = isinstance(error, PermanentStepError) or lease.attempt >= lease.max_attempts
    try:
        with database.transaction() as db:
            sessions.lock(db, lease.session_id)
            held = _fail(db, lease, error) if permanent else _postpone(db, lease, error)
    except (Unavailable, DatabaseError):
        log.warning("step_left_to_expire", code=error.code, **_fields(lease))
        return
    event = "lease_lost" if not held else "step_failed" if permanent else "step_postponed"
    log.warning(event, code=error.code, **_fields(lease))


def _give_back(database: Database, lease: Lease) -> None:
    """Free the step without counting the attempt."""
    with suppress(Unavailable, DatabaseError), database.transaction() as db:
        sessions.lock(db, lease.session_id)
        if claims.give_back(db, lease):
            sessions.dispatch_in(db, lease.session_id, 0)
            _audit(db, lease, "step.given_back")


def _fail(db: DbSession, lease: Lease, error: DomainError) -> bool:
    if not claims.close(db, lease, StepState.FAILED, error.code):
        return False
    sessions.move(db, lease.session_id, Status.FAILED, error_code=error.code, error_detail=error.detail)
    _audit(db, lease, "step.failed", code=error.code)
    return True


def _postpone(db: DbSession, lease: Lease, error: DomainError) -> bool:
    pause = _pause(lease, error)
    if not claims.postpone(db, lease, seconds=pause, error_code=error.code):
        return False
    sessions.dispatch_in(db, lease.session_id, pause)
    _audit(db, lease, "step.postponed", code=error.code)
    return True


def _pause(lease: Lease, error: DomainError) -> float:
    """Seconds until the next attempt: doubling, jittered, never before the time the cause named."""
    doubled = min(BACKOFF_SECONDS * 2.0 ** (lease.attempt - 1), BACKOFF_MAX_SECONDS)
    jittered = doubled * random.uniform(0.5, 1.0)  # noqa: S311 - spreads retries, guards no secret
    named = getattr(error, "retry_after_seconds", None) or 0.0
    return max(jittered, float(named))


def _fields(lease: Lease) -> dict[str, object]:
    return {
        "session_id": lease.session_id,
        "step": lease.step,
        "part": lease.part,
        "attempt": lease.attempt,
    }


def _audit(
    db: DbSession, lease: Lease, action: str, *, actor: str = "worker", code: str | None = None
) -> None:
    audit.record(
        db,
        practice_id=lease.practice_id,
        actor=actor,
        action=action,
        subject_id=lease.session_id,
        step=lease.step,
        part=lease.part,
        attempt=lease.attempt,
        code=code,
    )

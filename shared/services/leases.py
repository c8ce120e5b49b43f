"""Working under a lease: claimed, kept alive by a heartbeat, ended once.

``working_on`` is the frame of every task. Inside it no transaction is open; when the work
raises, the type of the error decides what becomes of the step, here and nowhere else.
"""

import random
import threading
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
from shared.domain.status import Status, StepState
from shared.pipeline import STEPS, Step

log = structlog.get_logger(__name__)

BACKOFF_SECONDS = 5.0
BACKOFF_MAX_SECONDS = 600.0
FINISH_PATIENCE_SECONDS = 120.0
FINISH_PAUSE_SECONDS = 0.5


class LeaseLost(Exception):
    """The lease ran out, was taken over, or the session was cancelled: stop, and save nothing."""


class Heartbeat:
    """Extends a lease from a thread of its own while the work goes on."""

    def __init__(self, database: Database, lease: Lease, lease_seconds: float) -> None:
        self._database = database
        self._lease = lease
        self._lease_seconds = lease_seconds
        self._progress = 0.0
        self._stop = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> "Heartbeat":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def report(self, progress: float) -> None:
        """Note how far the work is (0..1); raises LeaseLost if it should stop."""
        self._progress = progress
        if self._lost.is_set():
            raise LeaseLost

    def _beat(self) -> None:
        # Often enough to notice a cancelled session within seconds, and to survive three misses.
        interval = min(self._lease_seconds / 4, 3.0)
        while not self._stop.wait(interval):
            try:
                with self._database.transaction() as db:
                    held = claims.extend(
                        db, self._lease, lease_seconds=self._lease_seconds, progress=self._progress
                    )
            except (Unavailable, DatabaseError):
                continue  # Postgres is away: the lease may still be ours when it is back
            if not held:
                self._lost.set()
                return


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
        lease = claims.claim(db, session_id, step, lease_seconds=lease_seconds, worker=worker)
        if lease is None:
            return None
        if not sessions.move(db, session_id, step.status):
            db.rollback()
            return None
        _audit(db, lease, "step.started", actor=f"worker:{worker}")
    # Whatever this thread logs until its task ends follows from that request.
    structlog.contextvars.bind_contextvars(request_id=lease.request_id)
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
        if not claims.close(db, lease, state):
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
            if permanent:
                _fail(db, lease, error)
            else:
                pause = _pause(lease, error)
                claims.postpone(db, lease, seconds=pause, error_code=error.code)
                sessions.dispatch_in(db, lease.session_id, pause)
                _audit(db, lease, "step.postponed", code=error.code)
    except (Unavailable, DatabaseError):
        log.warning("step_left_to_expire", code=error.code, **_fields(lease))
        return
    log.warning("step_failed" if permanent else "step_postponed", code=error.code, **_fields(lease))


def _give_back(database: Database, lease: Lease) -> None:
    """Free the step without counting the attempt."""
    with suppress(Unavailable, DatabaseError), database.transaction() as db:
        if claims.give_back(db, lease):
            sessions.dispatch_in(db, lease.session_id, 0)
            _audit(db, lease, "step.given_back")


def _fail(db: DbSession, lease: Lease, error: DomainError) -> None:
    if not claims.close(db, lease, StepState.FAILED, error.code):
        return
    sessions.move(db, lease.session_id, Status.FAILED, error_code=error.code, error_detail=error.detail)
    _audit(db, lease, "step.failed", code=error.code)


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
        "request_id": lease.request_id,
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
        request_id=lease.request_id,
        step=lease.step,
        part=lease.part,
        attempt=lease.attempt,
        code=code,
    )

"""Working under a lease: claimed, kept alive by a heartbeat, ended once.

``run`` is the frame of every task. While the work goes on no transaction is open; when it
raises, the type of the error decides what becomes of the step (``failures``), and nothing else.
Every change of a step locks the session's row first, so that all of them queue up in one order.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

import structlog
from sqlalchemy.orm import Session as DbSession

from shared.db.connection.engine import Database, DatabaseError
from shared.db.queries.records import sessions
from shared.db.queries.work import scheduling, step_claims, steps
from shared.db.queries.work.step_claims import Lease
from shared.domain import failpoints
from shared.domain.errors import DomainError, Unavailable
from shared.domain.status import Status, StepState
from shared.outbound import traces
from shared.pipeline import STEPS, Step
from shared.services.jobs import attempt_log, error_policy
from shared.services.jobs.error_policy import Failure, Kind
from shared.services.jobs.handoff import Along
from shared.services.jobs.heartbeat import Heartbeat, LeaseLost
from shared.services.jobs.worker_context import Workbench

log = structlog.get_logger(__name__)

# Eight attempts with these pauses outlast an outage of about twenty minutes.
BACKOFF_SECONDS = 10.0
BACKOFF_MAX_SECONDS = 600.0
FINISH_PATIENCE_SECONDS = 120.0
FINISH_PAUSE_SECONDS = 0.5


Work = Callable[[Lease, Heartbeat], None]


def run(
    bench: Workbench,
    session_id: UUID,
    step: Step,
    work: Work,
    lease: Lease | None = None,
    along: Along | None = None,
) -> bool:
    """Do ``work`` under ``lease``, or under one that is claimed now, of the step or one of its chunks.

    True if it was claimed and ended well. An error of the work postpones or fails the step; what was
    taken ``along`` by then is given back, because this worker does not go on with it.
    """
    lease = lease or claim_at(bench, session_id, step)
    resources = bench.resources
    well = False
    try:
        well = lease is not None and under(resources.database, lease, resources.settings.lease_seconds, work)
    finally:
        taken = along and along.lease
        if taken and not well:
            give_back(resources.database, taken)
    return well


def claim_at(bench: Workbench, session_id: UUID, step: Step, practice_id: UUID | None = None) -> Lease | None:
    """``claim`` for the worker at this workbench."""
    database, seconds = bench.resources.database, bench.resources.settings.lease_seconds
    whose = {"practice_id": practice_id} if practice_id else {}
    return claim(database, session_id, step, lease_seconds=seconds, worker=bench.worker, **whose)


def under(database: Database, lease: Lease, lease_seconds: float, work: Work) -> bool:
    """Do ``work`` under a lease that is held; True if it ended well."""
    with traces.spanning(f"step {lease.step}", lease.request_id, attempt_log.fields(lease)) as told:
        try:
            with Heartbeat(database, lease, lease_seconds) as heartbeat:
                failpoints.reach("claimed", lease.step, lease.session_id)
                work(lease, heartbeat)
        except LeaseLost:
            told["outcome"] = "lease_lost"
            log.warning("lease_lost", **attempt_log.fields(lease))
        except (SystemExit, KeyboardInterrupt, GeneratorExit):
            told["outcome"] = "given_back"
            give_back(database, lease)  # the worker must go, another goes on at once
            raise
        except BaseException as error:  # noqa: BLE001 - a task is an entrance: a bug costs one attempt, not the worker
            told |= {"outcome": "ended_badly", "code": error_policy.failure_of(error).code}
            _end_badly(database, lease, error)
        else:
            told["outcome"] = "done"
            return True
        return False


def is_done(bench: Workbench, session_id: UUID, step: Step) -> bool:
    """Whether the step is done, by any worker: then the chain may go on."""
    with bench.resources.database.operating() as db:
        return steps.state_of(db, session_id, step) is StepState.DONE


def claim(
    database: Database,
    session_id: UUID,
    step: Step,
    *,
    lease_seconds: float,
    worker: str,
    practice_id: UUID | None = None,
) -> Lease | None:
    """Take the step, or one of its chunks, and move the session to the step's status.

    A message holds a session id and nothing else: without ``practice_id``, whose session it is must be
    found out first.
    """
    if practice_id is None:
        with database.operating() as db:
            practice_id = sessions.practice_of(db, session_id)
    if practice_id is None:
        return None
    with database.transaction(practice_id) as db:
        lease = _claim(db, session_id, step, lease_seconds, worker)
    return lease and _told(lease)


def _claim(db: DbSession, session_id: UUID, step: Step, lease_seconds: float, worker: str) -> Lease | None:
    taken = step_claims.claim(db, session_id, step, lease_seconds=lease_seconds, worker=worker)
    if taken is None:
        return None
    lease, status = taken
    if status is not step.status:
        sessions.move(db, session_id, step.status)
    sessions.look_after_lease(db, session_id, lease_seconds)
    scheduling.serve(db, lease.practice_id)
    attempt_log.begin(db, lease)
    return lease


def _told(lease: Lease) -> Lease:
    # All that this thread logs until its task ends follows from that request.
    structlog.contextvars.bind_contextvars(request_id=lease.request_id)
    log.info("step_started", worker=lease.worker, **attempt_log.fields(lease))
    return lease


def finish(
    database: Database,
    lease: Lease,
    save: Callable[[DbSession], None],
    *,
    state: StepState = StepState.DONE,
    along: Along | None = None,
) -> None:
    """End the step well: one transaction, fenced by the lease, with what ``save`` writes.

    With ``along`` it also claims the step that ``save`` named there: no other worker can come between.

    While Postgres is away it is tried again, for two minutes: an effect that is there already
    is not made twice, and the work is not thrown away. Raises LeaseLost if another worker has
    the step now, or the session is over; then ``save`` has changed nothing.
    """
    failpoints.reach("finishing", lease.step, lease.session_id)
    give_up_at = time.monotonic() + FINISH_PATIENCE_SECONDS
    while True:
        try:
            return _finish_once(database, lease, save, state, along)
        except Unavailable:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(FINISH_PAUSE_SECONDS)


def _finish_once(
    database: Database,
    lease: Lease,
    save: Callable[[DbSession], None],
    state: StepState,
    along: Along | None,
) -> None:
    with database.transaction(lease.practice_id) as db:
        fenced = not step_claims.finish(db, lease, state)
        if fenced:
            if step_claims.was_closed_by(db, lease):
                return  # and what was taken along then, was
            attempt_log.end(db, lease, "step.fenced")
        else:
            save(db)
            after = STEPS[lease.step].status_after
            if after is not None and state is StepState.DONE:
                sessions.move(db, lease.session_id, after)
            attempt_log.end(db, lease, f"step.{state}")
            if along is not None and along.step is not None:
                along.lease = _claim(db, lease.session_id, along.step, along.lease_seconds, lease.worker)
    if fenced:
        raise LeaseLost
    log.info("step_ended", state=state, **attempt_log.fields(lease))
    failpoints.reach("finished", lease.step, lease.session_id)
    if along is not None and along.lease is not None:
        _told(along.lease)


def _end_badly(database: Database, lease: Lease, error: BaseException) -> None:
    """Postpone the step or fail the session. If even that cannot be written, the lease runs out."""
    failure = error_policy.failure_of(error)
    if not isinstance(error, DomainError):  # its type alone: its words, or a traceback, may quote a record
        log.error("step_broke", error=type(error).__name__, **attempt_log.fields(lease))
    final = error_policy.is_final(failure, lease.attempt, lease.max_attempts)
    try:
        with database.transaction(lease.practice_id) as db:
            sessions.hold(db, lease.session_id)
            held = _fail(db, lease, failure) if final else _postpone(db, lease, failure)
    except (Unavailable, DatabaseError):
        log.warning("step_left_to_expire", code=failure.code, **attempt_log.fields(lease))
        return
    outcome = "lease_lost" if not held else "step_failed" if final else "step_postponed"
    log.warning(outcome, code=failure.code, **attempt_log.fields(lease))


def _postpone(db: DbSession, lease: Lease, failure: Failure) -> bool:
    pause = error_policy.pause_seconds(
        failure, lease.attempt, first=BACKOFF_SECONDS, longest=BACKOFF_MAX_SECONDS
    )
    free = failure.kind is Kind.OUTAGE
    if not step_claims.postpone(db, lease, seconds=pause, error_code=failure.code, free=free):
        return False
    sessions.dispatch_within(db, lease.session_id, pause)
    attempt_log.end(db, lease, "step.postponed", code=failure.code)
    return True


def _fail(db: DbSession, lease: Lease, failure: Failure) -> bool:
    if not step_claims.fail(db, lease, failure.code):
        return False
    steps.close_open(db, lease.session_id, failure.code)
    to = Status.FAILED
    sessions.move(db, lease.session_id, to, error_code=failure.code, error_detail=failure.detail)
    attempt_log.end(db, lease, "step.failed", code=failure.code)
    return True


def give_back(database: Database, lease: Lease) -> None:
    """Free the step without counting the attempt, and have another worker woken up at once."""
    with suppress(Unavailable, DatabaseError), database.transaction(lease.practice_id) as db:
        sessions.hold(db, lease.session_id)
        if step_claims.give_back(db, lease):
            sessions.dispatch_in(db, lease.session_id, 0)
            attempt_log.end(db, lease, "step.given_back")

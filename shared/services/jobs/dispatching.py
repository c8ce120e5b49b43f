"""Dispatching: sends a message again for each step that is due in Postgres and has no worker.

Any number of dispatchers may run. The pause before the next look is committed before the
message goes out, so that a crash in between costs a pause and never a storm.
"""

from enum import StrEnum
from uuid import UUID

import structlog
from redis import Redis
from redis.exceptions import RedisError

from shared.db.connection.engine import Database
from shared.db.queries.privacy import audit
from shared.db.queries.records import sessions
from shared.db.queries.work import counters, due, scheduling, step_claims, steps
from shared.db.queries.work.due import Due
from shared.domain import failpoints
from shared.domain.status import Status
from shared.outbound import traces
from shared.pipeline import CHAIN, REDACT, STEPS, TRANSCRIBE_CHUNK
from shared.queue import WorkQueue

log = structlog.get_logger(__name__)

BATCH = 100
_CANARY = "sessionscribe:broker-epoch"


def dispatch_due(database: Database, queue: WorkQueue, *, redispatch_seconds: float) -> int:
    """Send a message for each session that is due; return the number of sessions."""
    with database.operating() as db:
        taken = due.take(db, redispatch_seconds=redispatch_seconds, limit=BATCH)
        work = {item.session_id: sessions.ready_work(db, item.session_id) for item in taken}
        if taken:
            counters.add(db, "dispatch.repeated", taken[0].session_id, count=len(taken))
        urgent = {item.session_id for item in taken if scheduling.is_urgent(db, item.session_id)}
    for item in taken:
        failpoints.reach("put_off", item.session_id)
        count = sum(work[item.session_id].values())
        told = {"session_id": item.session_id, "count": count}
        with traces.spanning("dispatch again", item.request_id, told):
            publish_ready(queue, item.session_id, work[item.session_id], urgent=item.session_id in urgent)
        log.info("dispatched_again", session_id=item.session_id, request_id=item.request_id, count=count)
    return len(taken)


def publish_ready(queue: WorkQueue, session_id: UUID, ready: dict[str, int], *, urgent: bool = False) -> None:
    """Send messages for what could be claimed now: rows by the step's name (``sessions.ready_work``)."""
    if chunks := ready.get(TRANSCRIBE_CHUNK.name):
        queue.publish_chunks(session_id, chunks)
    if REDACT.name in ready:
        queue.publish_step(session_id, REDACT)
    first = next((step for step in CHAIN if step.name in ready), None)
    if first is not None:
        queue.publish(session_id, first, urgent=urgent)


def fail_exhausted(database: Database) -> int:
    """Fail the sessions whose step was abandoned at its last attempt; gives their number."""
    with database.operating() as db:
        exhausted = due.exhausted(db)
    failed = [item for item in exhausted if _fail(database, *item)]
    for item, step in failed:
        log.error(
            "session_failed",
            session_id=item.session_id,
            request_id=item.request_id,
            step=step,
            code="worker_lost",
        )
    return len(failed)


def _fail(database: Database, item: Due, step: str) -> bool:
    """Fail the session, unless another dispatcher, or its worker come back, was faster."""
    with database.transaction(item.practice_id) as db:
        sessions.hold(db, item.session_id)
        if not step_claims.fail_abandoned(db, item.session_id, STEPS[step]):
            return False
        steps.close_open(db, item.session_id, "worker_lost")
        sessions.move(
            db,
            item.session_id,
            Status.FAILED,
            error_code="worker_lost",
            error_detail="The work ended without an answer, as often as it was tried. Retry the session.",
        )
        audit.record(
            db,
            practice_id=item.practice_id,
            actor="dispatcher",
            action="step.failed",
            subject_id=item.session_id,
            request_id=item.request_id,
            step=step,
            code="worker_lost",
        )
        counters.add(db, "step.lost", item.session_id, step=step)
    return True


class Broker(StrEnum):
    """How the broker was found."""

    WELL = "well"
    AWAY = "away"
    EMPTY = "empty"


def look_at_broker(database: Database, redis: Redis) -> Broker:
    """Whether Redis answers; if it has lost what it held, every unfinished session is made due.

    A canary key is missing after a restart without data or a flush. It is set only once the
    sessions are due, so that a failure in between repeats the whole.
    """
    try:
        if redis.exists(_CANARY):
            return Broker.WELL
        with database.operating() as db:
            count = due.all_now(db)
        redis.set(_CANARY, "1")
    except RedisError as error:
        log.warning("broker_away", error=type(error).__name__)
        return Broker.AWAY
    log.warning("broker_lost_its_memory", count=count)
    return Broker.EMPTY

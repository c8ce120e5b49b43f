"""Dispatching: sends again whatever is due in Postgres and nobody works on.

Any number of dispatchers may run. The pause before the next look is committed before the
message goes out, so that a crash in between costs a pause and never a storm.
"""

import uuid

import structlog
from redis import Redis
from redis.exceptions import RedisError

from shared.db import audit, claims, sessions
from shared.db.engine import Database
from shared.db.sessions import Due
from shared.domain.status import Status
from shared.pipeline import CHAIN, STEPS, TRANSCRIBE_CHUNK
from shared.queue import WorkQueue

log = structlog.get_logger(__name__)

BATCH = 100
_CANARY = "sessionscribe:broker-epoch"


def dispatch_due(database: Database, queue: WorkQueue, *, redispatch_seconds: float) -> int:
    """Wake somebody up for each session that is due; gives the number of sessions."""
    with database.transaction() as db:
        due = sessions.take_due(db, redispatch_seconds=redispatch_seconds, limit=BATCH)
        work = {item.session_id: sessions.ready_work(db, item.session_id) for item in due}
    for item in due:
        _publish(queue, item, work[item.session_id])
    return len(due)


def _publish(queue: WorkQueue, due: Due, ready: dict[str, int]) -> None:
    if chunks := ready.get(TRANSCRIBE_CHUNK.name):
        queue.publish_chunks(due.session_id, chunks)
    first = next((step for step in CHAIN if step.name in ready), None)
    if first is not None:
        queue.publish(due.session_id, first)
    log.info(
        "dispatched_again",
        session_id=due.session_id,
        request_id=due.request_id,
        step=first.name if first else None,
        chunks=chunks,
    )


def fail_exhausted(database: Database) -> int:
    """Fail the sessions whose step was abandoned at its last attempt; gives their number."""
    with database.transaction() as db:
        exhausted = sessions.take_exhausted(db)
        for due, step in exhausted:
            claims.fail_abandoned(db, due.session_id, STEPS[step])
            sessions.move(
                db,
                due.session_id,
                Status.FAILED,
                error_code="worker_lost",
                error_detail="The work ended without an answer, as often as it was tried. Retry the session.",
            )
            audit.record(
                db,
                practice_id=due.practice_id,
                actor="dispatcher",
                action="step.failed",
                subject_id=due.session_id,
                request_id=due.request_id,
                step=step,
                code="worker_lost",
            )
    for due, step in exhausted:
        log.error(
            "session_failed",
            session_id=due.session_id,
            request_id=due.request_id,
            step=step,
            code="worker_lost",
        )
    return len(exhausted)


def notice_lost_memory(database: Database, redis: Redis) -> bool:
    """Have every unfinished session looked at now, if Redis has lost what it held.

    A canary key is set if absent: that it was absent means a restart without data or a flush.
    """
    try:
        lost = bool(redis.set(_CANARY, str(uuid.uuid4()), nx=True))
    except RedisError as error:
        log.warning("broker_away", error=type(error).__name__)
        return False
    if lost:
        with database.transaction() as db:
            count = sessions.all_due_now(db)
        log.warning("broker_lost_its_memory", count=count)
    return lost

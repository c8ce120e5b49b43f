"""The dispatcher: what it sends, and what it leaves alone."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from redis import Redis
from sqlalchemy import func, update

from shared.db.connection.engine import Database
from shared.db.tables.core import TherapySession
from shared.domain.errors import Unavailable
from shared.domain.status import Status
from shared.pipeline import QUEUES, TRANSCRIBE
from shared.queue import WorkQueue, make_app
from shared.services.jobs import dispatching, leases
from shared.services.jobs.dispatching import Broker
from shared.services.resources import Resources
from shared.services.steps import transcription
from tests.database import everything
from tests.integration.pipeline.test_leases import lapse
from tests.integration.sessions import bench_with, promise, row, step, work
from tests.servers import Office


@pytest.fixture
def redis(resources: Resources) -> Iterator[Redis]:
    with Redis.from_url(resources.settings.redis_url) as client:
        yield client


def waiting(redis: Redis) -> int:
    return sum(redis.llen(queue) for queue in QUEUES)


def dispatch(resources: Resources) -> int:
    return dispatching.dispatch_due(resources.database, resources.queue, redispatch_seconds=30)


def make_due(resources: Resources, session_id: UUID) -> None:
    with everything(resources) as db:
        db.execute(
            update(TherapySession)
            .where(TherapySession.id == session_id)
            .values(dispatch_after=func.now() - timedelta(seconds=1))
        )


def test_a_promise_whose_message_was_never_sent_is_kept(
    resources: Resources, office: Office, redis: Redis
) -> None:
    promise(resources, office)
    assert dispatch(resources) == 1
    assert waiting(redis) == 1


def test_a_session_is_not_sent_again_before_its_pause_is_over(
    resources: Resources, office: Office, redis: Redis
) -> None:
    promise(resources, office)
    dispatch(resources)
    assert dispatch(resources) == 0


def test_the_pause_grows_with_every_repeat(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    pauses = []
    for _ in range(3):
        make_due(resources, session_id)
        dispatch(resources)
        session = row(resources, session_id)
        pauses.append((session.dispatch_after - session.updated_at).total_seconds())
    assert pauses[0] == pytest.approx(30, abs=5)
    assert pauses[2] == pytest.approx(120, abs=5)


def test_work_under_a_lease_is_left_alone(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    leases.claim(resources.database, session_id, TRANSCRIBE, lease_seconds=60, worker="w")
    assert dispatch(resources) == 0


def test_work_whose_lease_ran_out_is_sent_again(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    leases.claim(resources.database, session_id, TRANSCRIBE, lease_seconds=60, worker="w")
    lapse(resources, session_id)
    assert dispatch(resources) == 1


def test_a_session_that_waited_long_is_looked_at_when_its_workers_lease_could_have_run_out(
    resources: Resources, office: Office
) -> None:
    session_id = promise(resources, office)
    for _ in range(6):
        make_due(resources, session_id)
        dispatch(resources)
    assert row(resources, session_id).dispatches == 6
    lease = leases.claim(resources.database, session_id, TRANSCRIBE, lease_seconds=4, worker="w")
    assert lease is not None
    waits = row(resources, session_id)
    assert waits.dispatches == 0
    assert (waits.dispatch_after - datetime.now(UTC)).total_seconds() <= 4


def test_a_finished_session_is_left_alone(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    work(bench_with(resources), session_id)
    make_due(resources, session_id)
    assert dispatch(resources) == 0


def test_each_open_chunk_gets_a_message(resources: Resources, office: Office, redis: Redis) -> None:
    session_id = promise(resources, office)
    transcription.transcribe(bench_with(resources), session_id)
    redis.flushall()
    make_due(resources, session_id)
    dispatch(resources)
    assert waiting(redis) == 3


def test_dispatchers_side_by_side_send_nothing_twice(
    resources: Resources, office: Office, redis: Redis
) -> None:
    for _ in range(20):
        promise(resources, office)
    with ThreadPoolExecutor(4) as pool:
        sent = sum(pool.map(lambda _: dispatch(resources), range(8)))
    assert sent == 20
    assert waiting(redis) == 20


def test_a_broker_that_is_away_costs_a_pause_and_nothing_else(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    nowhere = WorkQueue(make_app("redis://127.0.0.1:1/0", socket_timeout=1))
    dispatching.dispatch_due(resources.database, nowhere, redispatch_seconds=30)
    make_due(resources, session_id)
    assert dispatch(resources) == 1


def look(resources: Resources, redis: Redis) -> Broker:
    return dispatching.look_at_broker(resources.database, redis)


def test_a_flushed_redis_is_noticed_once(resources: Resources, office: Office, redis: Redis) -> None:
    promise(resources, office)
    look(resources, redis)
    dispatch(resources)
    assert look(resources, redis) is Broker.WELL
    redis.flushall()
    assert look(resources, redis) is Broker.EMPTY
    assert dispatch(resources) == 1
    assert waiting(redis) == 1


def test_a_flush_is_not_forgotten_when_postgres_is_away_at_that_moment(
    resources: Resources, office: Office, redis: Redis
) -> None:
    promise(resources, office)
    with pytest.raises(Unavailable):
        dispatching.look_at_broker(Database("postgresql://127.0.0.1:1/none"), redis)
    assert look(resources, redis) is Broker.EMPTY


def test_a_broker_that_is_away_is_told_from_one_that_is_well(resources: Resources) -> None:
    assert look(resources, Redis(port=1, socket_connect_timeout=1)) is Broker.AWAY


def test_a_step_abandoned_at_its_last_attempt_fails_its_session(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    for _ in range(TRANSCRIBE.max_attempts):
        leases.claim(resources.database, session_id, TRANSCRIBE, lease_seconds=60, worker="w")
        lapse(resources, session_id)
    assert dispatching.fail_exhausted(resources.database) == 1
    failed = row(resources, session_id)
    assert (failed.status, failed.error_code) == (Status.FAILED, "worker_lost")
    assert step(resources, session_id, "transcribe").state == "failed"

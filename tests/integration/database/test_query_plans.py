"""What dispatchers, claims, metrics and histories ask uses an index, however much is finished."""

from collections.abc import Callable

from redis import Redis

from shared.pipeline import TRANSCRIBE
from shared.services.jobs import dispatching, leases, scheduling
from shared.services.operations import metrics
from shared.services.resources import Resources
from shared.services.sessions import history
from tests.integration.pipeline.test_leases import lapse
from tests.integration.sessions import bench_with, promise, work
from tests.query_plans import finish_sessions, plans_of, read_whole
from tests.servers import Office

FINISHED = 5_000


def look_at_everything(resources: Resources, office: Office) -> None:
    """A round of the dispatcher, a claim with its turn, an end, a scrape and a history."""
    waiting, abandoned = promise(resources, office), promise(resources, office)
    leases.claim(resources.database, abandoned, TRANSCRIBE, lease_seconds=60, worker="gone")
    lapse(resources, abandoned)
    dispatching.fail_exhausted(resources.database)
    with Redis.from_url(resources.settings.redis_url) as redis:
        dispatching.look_at_broker(resources.database, redis)
    dispatching.dispatch_due(resources.database, resources.queue, redispatch_seconds=30)
    bench = bench_with(resources)
    run: Callable[..., bool] = lambda *_: False  # noqa: E731 - claimed, and left at that
    scheduling.take(bench, TRANSCRIBE, waiting, {"transcribe": run, "transcribe_chunk": run})
    work(bench, promise(resources, office))
    metrics.observe(resources)
    history.of_own(resources, office.caller, waiting)


def test_no_query_of_the_work_reads_what_is_finished(resources: Resources, office: Office) -> None:
    done = promise(resources, office)
    work(bench_with(resources), done)
    finish_sessions(resources, done, FINISHED)
    with plans_of(resources.database) as plans:
        look_at_everything(resources, office)
    asked = "\n".join(statement for statement, _ in plans)
    for question in (
        "SKIP LOCKED",
        "WITH RECURSIVE names",
        "WITH held",
        "dispatch_after <= now()",
        "max_attempts",
    ):
        assert question in asked
    assert {statement: found for statement, plan in plans if (found := read_whole(plan))} == {}

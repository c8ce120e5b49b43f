"""Two workers for each of two sides on one machine: the product's, and a bare chain of three tasks.

The engines and the decoder cost nothing, so what is left is the pipeline. While one side works, the
other is frozen.
"""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID, uuid4

import psutil
from celery import Celery, chain
from kombu import Queue
from sqlalchemy import Connection, create_engine, select, text

from embedded.postgres import DATABASE, SUPERUSER
from shared.db.connection.engine import Database
from shared.db.tables.core import Patient
from shared.queue import WorkQueue, make_app
from shared.services.access.caller import THERAPIST_SCOPES, Caller
from tests.database import everything
from tests.faults.clinic import Clinic
from tests.faults.keeper import Kept
from tests.faults.machine import Machine, running_machine
from tests.integration.sessions import promise
from tests.servers import Office, make_resources
from tests.waiting import wait_for

# Of benchmarks/load/bare_chain.py, which needs an environment to be imported.
QUEUE, DONE = "bare", "bare:done"
WORKERS = 2
PATIENCE_SECONDS = 3600
_UNFINISHED = "SELECT count(*) FROM sessions WHERE status NOT IN ('processed', 'failed', 'cancelled')"


@dataclass
class Bench:
    """The machine, with the workers of both sides."""

    machine: Machine
    clinic: Clinic
    ours: list[Kept]
    bare: list[Kept]
    app: Celery
    watching: Connection


@contextmanager
def running_bench() -> Iterator[Bench]:
    """A machine whose work costs nothing, with pauses and leases as they are by default."""
    settings = {
        "FAULTS_DECODER": "none",
        "SESSIONSCRIBE_LEASE_SECONDS": "30",
        "SESSIONSCRIBE_REDISPATCH_SECONDS": "30",
        "SESSIONSCRIBE_DISPATCH_INTERVAL_SECONDS": "0.5",
    }
    with running_machine(WORKERS, settings) as machine, Clinic(machine) as clinic:
        bare = [_keep_bare_worker(machine, f"bare.{number}") for number in range(1, WORKERS + 1)]
        for kept in bare:
            wait_for(kept.children, 60)
        ours = [machine.keeper[name] for name in machine.workers]
        engine = create_engine(machine.postgres.url_of(DATABASE, SUPERUSER), isolation_level="AUTOCOMMIT")
        with engine.connect() as watching:
            app = make_app(machine.redis.url)
            app.conf.task_queues = [*app.conf.task_queues, Queue(QUEUE, exchange="", routing_key=QUEUE)]
            yield Bench(machine, clinic, ours, bare, app, watching)


def _keep_bare_worker(machine: Machine, name: str) -> Kept:
    """As ours, on another application and queue."""
    like = machine.keeper[machine.workers[0]]
    argv = ["benchmarks.load.bare_chain" if word == "tests.faults.worker" else word for word in like.argv]
    argv[argv.index("--queues") + 1] = QUEUE
    argv[argv.index("--hostname") + 1] = f"{name}@%h"
    log = machine.logs / f"{name}.log"
    return machine.keeper.add(Kept(name, argv, like.env, log, like.folder))


def measured(
    bench: Bench, workers: list[Kept], done: Callable[[], bool], count: int, publish: Callable[[], None]
) -> dict[str, float]:
    """Queue everything while all workers are frozen, then let one side's go on."""
    for kept in [*bench.ours, *bench.bare]:
        kept.send_group(signal.SIGSTOP)
    publish()
    names = ("redis", "postgres")
    before = _cpu(workers), _cpu([bench.machine.keeper[name] for name in names])
    began = time.perf_counter()
    for kept in workers:
        kept.send_group(signal.SIGCONT)
    wait_for(done, PATIENCE_SECONDS)
    seconds = time.perf_counter() - began
    after = _cpu(workers), _cpu([bench.machine.keeper[name] for name in names])
    for kept in [*bench.ours, *bench.bare]:
        kept.send_group(signal.SIGCONT)
    return {
        "per_second": round(count / seconds, 1),
        "worker_cpu_ms": round((after[0] - before[0]) / count * 1000, 1),
        "server_cpu_ms": round((after[1] - before[1]) / count * 1000, 1),
    }


def _cpu(kept: list[Kept]) -> float:
    """CPU seconds of these processes and their children so far."""
    processes = [process for one in kept for process in [psutil.Process(one.pid), *one.children()]]
    times = [process.cpu_times() for process in processes]
    # Postgres' backends end with their connections; their time goes to the postmaster.
    return sum(t.user + t.system + t.children_user + t.children_system for t in times)


def promise_sessions(machine: Machine, count: int) -> list[UUID]:
    """Accepted sessions of a therapist, whose messages were not sent."""
    settings = machine.settings
    database = Database(settings.database_url)
    resources = make_resources(settings, database)
    with everything(settings.database_url) as db:
        patient = db.scalars(select(Patient)).first()
    assert patient is not None
    caller = Caller(patient.practice_id, patient.therapist_id, "therapist", THERAPIST_SCOPES, uuid4())
    sessions = [promise(resources, Office(caller, patient.id)) for _ in range(count)]
    database.close()
    return sessions


def publishing(bench: Bench, sessions: list[UUID]) -> Callable[[], None]:
    queue = WorkQueue(bench.app)

    def publish() -> None:
        for session_id in sessions:
            assert queue.publish(session_id)

    return publish


def publish_chain(app: Celery) -> None:
    number = str(uuid4())
    names = ("bare.first", "bare.second", "bare.third")
    chain(app.signature(name, args=(number,), immutable=True, queue=QUEUE) for name in names).apply_async()


def unfinished(bench: Bench) -> int:
    """Asked often, over one connection that stays."""
    return int(bench.watching.execute(text(_UNFINISHED)).scalar_one())

"""Measures what the pipeline costs beside a bare chain of three tasks, on one broker, in one run.

``python -m benchmarks.pipeline``: a machine of its own, two workers for each side, which are
frozen while the other side works. The engines and the decoder cost nothing, so what is left is the
pipeline: claims, leases, outputs, audit trail, messages. ``--drain 5000`` queues that many sessions
and compares the rate with all of them waiting with that of the last few hundred.
"""

import argparse
import json
import os
import signal
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID, uuid4

import psutil
from celery import Celery, chain
from kombu import Queue
from redis import Redis
from sqlalchemy import Connection, create_engine, select, text

from embedded.postgres import OWNER, SUPERUSER
from shared import logs
from shared.db.engine import Database
from shared.db.tables import Patient, TherapySession
from shared.queue import WorkQueue, make_app
from shared.services.callers import THERAPIST_SCOPES, Caller
from tests.conftest import Office, make_resources
from tests.database import everything
from tests.faults.chaos import version
from tests.faults.clinic import Clinic
from tests.faults.keeper import Kept
from tests.faults.machine import Machine, running_machine
from tests.integration.sessions import promise
from tests.waiting import wait_for

QUEUE, DONE = "bare", "bare:done"  # of benchmarks/bare_chain.py, which needs an environment to be imported
WORKERS = 2
PATIENCE_SECONDS = 3600
_PROCESSED = "SELECT count(*) FROM sessions WHERE status = 'processed'"
_CANCEL = """
UPDATE sessions SET status = 'cancelled' WHERE id IN (
    SELECT id FROM sessions WHERE status = 'pending' ORDER BY id LIMIT :left)
"""
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


def main() -> None:
    """Measure, and print the figures as JSON."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--sessions", type=int, default=300)
    arguments.add_argument("--rounds", type=int, default=3, help="of the rates; told are the medians")
    arguments.add_argument("--singles", type=int, default=40, help="one after the other, for the latency")
    arguments.add_argument("--drain", type=int, default=0)
    asked = arguments.parse_args()
    logs.configure("benchmark", "ERROR")
    with running_bench() as bench:
        found: dict[str, object] = {"version": version(), "load": round(os.getloadavg()[0], 1)}
        if asked.drain:
            found |= drain(bench, asked.drain)
        else:
            found |= latencies(bench, asked.singles)
            found |= rates(bench, asked.sessions, asked.rounds)
    print(json.dumps(found, indent=2))


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
        engine = create_engine(machine.postgres.url_of(OWNER, SUPERUSER), isolation_level="AUTOCOMMIT")
        with engine.connect() as watching:
            app = make_app(machine.redis.url)
            app.conf.task_queues = [*app.conf.task_queues, Queue(QUEUE, exchange="", routing_key=QUEUE)]
            yield Bench(machine, clinic, ours, bare, app, watching)


def _keep_bare_worker(machine: Machine, name: str) -> Kept:
    """As ours, on another application and queue."""
    like = machine.keeper[machine.workers[0]]
    argv = ["benchmarks.bare_chain" if word == "tests.faults.worker" else word for word in like.argv]
    argv[argv.index("--queues") + 1] = QUEUE
    argv[argv.index("--hostname") + 1] = f"{name}@%h"
    log = machine.logs / f"{name}.log"
    return machine.keeper.add(Kept(name, argv, like.env, log, like.folder))


def latencies(bench: Bench, count: int) -> dict[str, object]:
    """One after the other, on a machine with nothing else to do."""
    ours = [_single_session(bench) for _ in range(count)]
    bare = [_single_chain(bench) for _ in range(count)]
    added = statistics.median(ours) - statistics.median(bare)
    return {
        "idle_ms": {"ours": _spread(ours), "bare": _spread(bare)},
        "added_ms": round(added * 1000, 1),
    }


def _single_session(bench: Bench) -> float:
    """Seconds from the promise to ``processed``, by the database's clock."""
    session_id = bench.clinic.upload(chunks=1)
    wait_for(lambda: _unfinished(bench) == 0, PATIENCE_SECONDS)
    with everything(bench.machine.postgres.url) as db:
        row = db.get_one(TherapySession, session_id)
        assert row.processed_at is not None
        return (row.processed_at - row.created_at).total_seconds()


def _single_chain(bench: Bench) -> float:
    with Redis.from_url(bench.machine.redis.url) as redis:
        began = time.perf_counter()
        _publish_chain(bench.app)
        assert redis.blpop(DONE, timeout=60)
        return time.perf_counter() - began


def _spread(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    return {
        "p50": round(statistics.median(ordered) * 1000, 1),
        "p95": round(ordered[int(len(ordered) * 0.95)] * 1000, 1),
    }


def rates(bench: Bench, count: int, rounds: int) -> dict[str, object]:
    """A queue of ``count`` is worked off by one side, then by the other, and again."""
    ours = [_rate_of_sessions(bench, count) for _ in range(rounds)]
    bare = [_rate_of_chains(bench, count) for _ in range(rounds)]
    ratios = [mine["per_second"] / theirs["per_second"] for mine, theirs in zip(ours, bare, strict=True)]
    return {
        "ours": _median(ours),
        "bare": _median(bare),
        "rate_to_that_of_bare": round(statistics.median(ratios), 2),
    }


def _rate_of_sessions(bench: Bench, count: int) -> dict[str, float]:
    sessions = promise_sessions(bench.machine, count)
    return _measured(
        bench,
        bench.ours,
        lambda: _unfinished(bench) == 0,
        count,
        _publish(bench, sessions),
    )


def _rate_of_chains(bench: Bench, count: int) -> dict[str, float]:
    def publish() -> None:
        for _ in range(count):
            _publish_chain(bench.app)

    with Redis.from_url(bench.machine.redis.url) as redis:
        redis.delete(DONE)
        return _measured(bench, bench.bare, lambda: redis.llen(DONE) == count, count, publish)


def _measured(
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


def _median(rounds: list[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}


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


def _publish(bench: Bench, sessions: list[UUID]) -> Callable[[], None]:
    queue = WorkQueue(bench.app)

    def publish() -> None:
        for session_id in sessions:
            assert queue.publish(session_id)

    return publish


def _publish_chain(app: Celery) -> None:
    number = str(uuid4())
    names = ("bare.first", "bare.second", "bare.third")
    chain(app.signature(name, args=(number,), immutable=True, queue=QUEUE) for name in names).apply_async()


def _unfinished(bench: Bench) -> int:
    """Asked often, over one connection that stays."""
    return int(bench.watching.execute(text(_UNFINISHED)).scalar_one())


def drain(bench: Bench, count: int, window: int = 300) -> dict[str, object]:
    """Sessions a second while ``count`` wait, and again when only the last ``window`` of them do.

    Those in between are cancelled in the database, so that the end need not be waited for.
    """
    sessions = promise_sessions(bench.machine, count)

    def first_done() -> bool:
        return int(bench.watching.execute(text(_PROCESSED)).scalar_one()) >= window

    deep = _measured(bench, bench.ours, first_done, window, _publish(bench, sessions))
    for kept in bench.ours:
        kept.send_group(signal.SIGSTOP)
    left = _unfinished(bench) - window
    bench.watching.execute(text(_CANCEL), {"left": left})
    remaining = _unfinished(bench)
    shallow = _measured(bench, bench.ours, lambda: _unfinished(bench) == 0, remaining, lambda: None)
    ratio = round(shallow["per_second"] / deep["per_second"], 2)
    return {"queued": count, "first": deep, "last": shallow, "last_to_first": ratio}


if __name__ == "__main__":
    main()

"""Counts what a session of one chunk asks of Postgres, and its CPU time.

``python -m benchmarks.database.statements``: the real tasks, run one after the other in this process, with
engines and a decoder that cost nothing; without Celery and Redis. What is sent together counts as one
statement, because it is one round trip.
"""

import argparse
import json
import os
import re
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from uuid import UUID

import psutil
from celery.exceptions import Ignore
from sqlalchemy import event

import migrations
from shared import logs
from shared.db.connection.engine import Database
from shared.domain.status import Status
from shared.pipeline import CHAIN, TRANSCRIBE_CHUNK, Step, following
from shared.services.jobs.worker_context import Workbench
from shared.settings import load
from tests.database import make_inspector
from tests.fakes.media import FakeDecoder
from tests.faults import engines
from tests.faults.chaos import version
from tests.integration.eager import tasks, working_at
from tests.integration.sessions import bench_with, promise, row
from tests.servers import Office, environment_of, make_office, make_resources
from tests.stack import running_postgres, running_redis, temporary_folder


class Messages:
    """First in, first out; a chain goes on as a worker's would."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Step, UUID]] = deque()
        self.delivered = 0

    def publish(self, session_id: UUID, first: Step = CHAIN[0], *, urgent: bool = False) -> bool:
        self._waiting.append((first, session_id))
        return True

    def publish_chunks(self, session_id: UUID, count: int) -> bool:
        self._waiting.extend([(TRANSCRIBE_CHUNK, session_id)] * count)
        return True

    def deliver_all(self) -> None:
        while self._waiting:
            step, session_id = self._waiting.popleft()
            self.delivered += 1
            with suppress(Ignore):
                getattr(tasks, step.name)(str(session_id))
                if (after := following(step)) is not None:
                    self.publish(session_id, after)


def main() -> None:
    """Count, and print the figures as JSON."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--sessions", type=int, default=50)
    count = arguments.parse_args().sessions
    logs.configure("benchmark", "ERROR")
    with working() as (bench, office, postgres, messages):
        _work_off(bench, office, messages, 5)  # imports, connections, caches
        messages.delivered = 0
        before = time.process_time(), _cpu(postgres)
        _work_off(bench, office, messages, count)
        after = time.process_time(), _cpu(postgres)
        tasks_each = messages.delivered / count
        asked, transactions = _counted(bench, office, messages, count)
    found = {
        "version": version(),
        "load": round(os.getloadavg()[0], 1),
        "tasks": tasks_each,
        "transactions": transactions / count,
        "statements": sum(asked.values()) / count,
        "python_cpu_ms": round((after[0] - before[0]) / count * 1000, 1),
        "postgres_cpu_ms": round((after[1] - before[1]) / count * 1000, 1),
        "most_often": {statement: times / count for statement, times in asked.most_common(12)},
    }
    print(json.dumps(found, indent=2))


@contextmanager
def working() -> Iterator[tuple[Workbench, Office, psutil.Process, Messages]]:
    """A workbench on servers of its own, an office, the postmaster, and the messages that are sent."""
    with running_postgres() as postgres, running_redis() as redis, temporary_folder() as folder:
        postgres.create_database()
        migrations.upgrade(postgres.owner_url)
        make_inspector(postgres)
        settings = load(environment_of(postgres, redis, folder) | {"SESSIONSCRIBE_LEASE_SECONDS": "30"})
        messages = Messages()
        resources = make_resources(settings, Database(settings.database_url))
        office = make_office(resources)
        fake = replace(resources, queue=messages, decoder=FakeDecoder(seconds=1.0))  # type: ignore[arg-type]
        bench = replace(
            bench_with(fake),
            build_analyser=engines.Analyser,
            build_transcriber=lambda _: engines.Transcriber("a word"),
            build_extractor=engines.build_extractor,
        )
        server = next(p for p in psutil.Process().children(recursive=True) if p.name() == "postgres")
        yield bench, office, server, messages
        resources.database.close()


def _work_off(bench: Workbench, office: Office, messages: Messages, count: int) -> None:
    sessions = [promise(bench.resources, office) for _ in range(count)]
    for session_id in sessions:
        messages.publish(session_id)
    with working_at(bench):
        messages.deliver_all()
    assert all(row(bench.resources, each).status is Status.PROCESSED for each in sessions)


def _counted(bench: Workbench, office: Office, messages: Messages, count: int) -> tuple[Counter[str], int]:
    asked: Counter[str] = Counter()
    begun = 0

    def note(_: object, __: object, statement: str, *___: object) -> None:
        asked[re.sub(r"\s+", " ", statement).strip()[:60]] += 1

    def begin(_: object) -> None:
        nonlocal begun
        begun += 1

    sessions = [promise(bench.resources, office) for _ in range(count)]
    for session_id in sessions:
        messages.publish(session_id)
    engine = bench.resources.database._engine
    event.listen(engine, "before_cursor_execute", note)
    event.listen(engine, "begin", begin)
    with working_at(bench):
        messages.deliver_all()
    event.remove(engine, "before_cursor_execute", note)
    event.remove(engine, "begin", begin)
    return asked, begun


def _cpu(postmaster: psutil.Process) -> float:
    """CPU seconds of the server so far, with those of backends that have ended."""
    own = postmaster.cpu_times()
    running = [child.cpu_times() for child in postmaster.children()]
    return sum(t.user + t.system for t in [own, *running]) + own.children_user + own.children_system


if __name__ == "__main__":
    main()

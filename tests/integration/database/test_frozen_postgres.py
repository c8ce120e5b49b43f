"""A Postgres that is frozen takes connections and answers nothing: readiness and metrics say so in time."""

import dataclasses
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

import migrations
from embedded import leftovers
from embedded.postgres import EmbeddedPostgres
from shared.db.connection.engine import Database
from shared.services.operations.probes import FRESH_SECONDS, Probe
from shared.services.resources import Resources
from tests.integration.api_client import app_of
from tests.stack import running, temporary_folder
from tests.waiting import wait_for


@pytest.fixture(scope="module")
def another() -> Iterator[tuple[EmbeddedPostgres, Path]]:
    """A Postgres of this module alone, which may be frozen, and its folder."""
    with temporary_folder() as folder:
        server = EmbeddedPostgres(folder / "postgres", fsync=False)
        with running(server, folder):
            server.create_database()
            migrations.upgrade(server.owner_url)
            yield server, folder / "postgres" / "cluster"


@contextmanager
def frozen(cluster: Path) -> Iterator[None]:
    processes: list[psutil.Process] = leftovers.processes_in(cluster, "postgres")
    assert processes
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        for process in processes:
            process.resume()


def waiting() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "probe"]


def test_readiness_answers_within_two_seconds_and_recovers(
    resources: Resources, another: tuple[EmbeddedPostgres, Path]
) -> None:
    server, cluster = another
    with_it = dataclasses.replace(resources, database=Database(server.url))
    app = app_of(with_it)

    def ask() -> tuple[int, float]:
        begun = time.monotonic()
        answer = app.test_client().get("/readyz")
        return answer.status_code, time.monotonic() - begun

    assert ask()[0] == 200
    with frozen(cluster):
        wait_for(lambda: ask()[0] == 503)
        found = [ask() for _ in range(20)]
        assert {status for status, _ in found} == {503}
        assert max(seconds for _, seconds in found) < 2
        assert len(waiting()) <= 2, "one thread waits for each part that asks Postgres: database and keys"
    wait_for(lambda: ask()[0] == 200)
    with_it.database.close()


def test_a_part_is_asked_by_one_thread_and_once_a_second() -> None:
    asked, go_on = [], threading.Event()

    def ask() -> int:
        asked.append(1)
        go_on.wait(30)
        return len(asked)

    probe = Probe(ask)
    for _ in range(5):
        with pytest.raises(TimeoutError):
            probe.result(0.01)
    assert len(asked) == 1
    go_on.set()
    wait_for(lambda: probe.result(1.0) == 1)
    begun = time.monotonic()
    wait_for(lambda: probe.result(1.0) == 2)
    assert time.monotonic() - begun < FRESH_SECONDS + 1

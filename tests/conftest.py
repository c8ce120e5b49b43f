"""Fixtures for all rungs.

The servers are imported when a test asks for them: a unit test pays for neither Postgres nor Celery.
"""

from __future__ import annotations

import gc
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings as hypothesis_settings

from tests.waiting import ending_within

if TYPE_CHECKING:
    from embedded.postgres import EmbeddedPostgres
    from embedded.redis import EmbeddedRedis
    from shared.db.connection.engine import Database
    from shared.services.resources import Resources
    from shared.settings import Settings
    from tests.servers import Office

# As in the workers: with a thread per core numpy's small matrix products take many times the CPU time, above
# all where several test processes share the cores. Set before numpy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# How long an example takes says more of the machine than of the code: on a busy one the usual 200 ms
# make tests fail that found nothing.
hypothesis_settings.register_profile("sessionscribe", deadline=None)
hypothesis_settings.load_profile("sessionscribe")

# What takes longest begins first: at the end it would keep one process busy and let the others wait. Folders
# below ``tests`` or names of modules; what took longest is printed at the end of a long run.
LONGEST = (
    "test_subject_rotation",
    "test_key_rotation",
    "test_authz",
    "browser",
    "e2e",
    "faults",
    "test_openapi_truth",
    "test_record_packages",
    "test_api_live",
    "test_embedded_stack",
    "test_resumable_on_s3",
    "test_stopping",
    "test_cli_notes",
    "test_slow_clients",
    "test_embedded_servers",
    "test_resumable",
    "test_api_sessions",
    "test_cli_resuming",
    "integration",
)
LONG_RUN_SECONDS = 120.0
# As many new objects as five integration tests leave. At Python's 700, a tenth of the CPU time of such a test
# is the search for garbage.
OBJECTS_BETWEEN_COLLECTIONS = 100_000
# Ten times what the longest takes on a busy machine: an answer without an end must not hang the whole run.
TEST_SECONDS = 1800.0


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Import the tests without collecting garbage; later collect seldom, and not in what they imported.

    A full collection goes through every module, several times while they load and often again in tests that
    build an application.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest modules first; within them, and between all others, nothing changes."""
    tests = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(tests).parts[0] if item.path.is_relative_to(tests) else ""
        return next((n for n, long in enumerate(LONGEST) if long in (item.path.stem, folder)), len(LONGEST))

    items.sort(key=place)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """End each test in time; those of hours have limits of their own."""
    if any(item.get_closest_marker(name) for name in ("long", "chaos", "fleet", "ceph")):
        return (yield)
    with ending_within(TEST_SECONDS):
        return (yield)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """After a long run, print which modules took longest."""
    seconds: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            seconds[getattr(report, "nodeid", "").partition("::")[0]] += getattr(report, "duration", 0.0)
    if seconds.total() > LONG_RUN_SECONDS:
        terminalreporter.section("modules that took longest")
        for name, took in seconds.most_common(15):
            terminalreporter.write_line(f"{took:7.1f} s  {name}")


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """A running Postgres with the schema in place."""
    from tests.servers import migrated_postgres

    with migrated_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[EmbeddedRedis]:
    """A running Redis."""
    from tests.stack import running_redis

    with running_redis() as server:
        yield server


@pytest.fixture
def environment(postgres: EmbeddedPostgres, redis_server: EmbeddedRedis, tmp_path: Path) -> dict[str, str]:
    """What a process of this test needs in its environment; the database and Redis are empty."""
    from tests.servers import empty_environment

    return empty_environment(postgres, redis_server, tmp_path)


@pytest.fixture
def settings(environment: dict[str, str]) -> Settings:
    """The settings of this test."""
    from shared.settings import load

    return load(environment)


@pytest.fixture
def database(settings: Settings) -> Database:
    """An empty database with the real schema."""
    from tests.servers import database_at

    return database_at(settings.database_url)


@pytest.fixture
def resources(settings: Settings, database: Database) -> Resources:
    """Real database, vault, store and queue; media is decoded by a fake."""
    from tests.servers import make_resources

    return make_resources(settings, database)


@pytest.fixture
def office(resources: Resources) -> Office:
    """A caller who may upload for a patient."""
    from tests.servers import make_office

    return make_office(resources)

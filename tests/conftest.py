"""Fixtures for all rungs: a real Postgres with the real migrations, a real Redis, real keys."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import settings as hypothesis_settings
from redis import Redis
from sqlalchemy import text

import migrations
from embedded.postgres import EmbeddedPostgres
from embedded.redis import EmbeddedRedis
from shared.db.connection.engine import Database
from shared.db.tables.core import Patient, Practice, Therapist
from shared.queue import WorkQueue, make_app
from shared.services.access.caller import THERAPIST_SCOPES, Caller
from shared.services.resources import Resources
from shared.settings import Settings, load
from shared.storage.opening import open_store
from shared.storage.recordings import Recordings
from shared.vault.keystore import KeyStore
from shared.vault.sealing import Subject, Vault
from tests.database import empty, make_inspector
from tests.fakes.media import FakeDecoder
from tests.stack import running_postgres, running_redis

# How long an example takes says more of the machine than of the code: on a busy one the usual 200 ms
# make tests fail that found nothing.
hypothesis_settings.register_profile("sessionscribe", deadline=None)
hypothesis_settings.load_profile("sessionscribe")

# What takes longest begins first: at the end it would keep one process busy and let the others wait.
LONGEST = (
    "integration/test_openapi_truth.py",
    "e2e/",
    "faults/",
    "integration/test_embedded_",
    "integration/test_slow_clients.py",
    "integration/test_stopping.py",
    "integration/test_cli_",
    "integration/test_authz.py",
    "integration/test_sessions_api.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest modules first; within them, and between all others, nothing changes."""
    tests = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        name = item.path.relative_to(tests).as_posix() if item.path.is_relative_to(tests) else ""
        return next((n for n, long in enumerate(LONGEST) if name.startswith(long)), len(LONGEST))

    items.sort(key=place)


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """A running Postgres with the schema in place."""
    with running_postgres() as server:
        server.create_database()
        migrations.upgrade(server.url)
        make_inspector(server)
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[EmbeddedRedis]:
    """A running Redis."""
    with running_redis() as server:
        yield server


@pytest.fixture
def environment(postgres: EmbeddedPostgres, redis_server: EmbeddedRedis, tmp_path: Path) -> dict[str, str]:
    """What a process of this test needs in its environment; the database and Redis are empty."""
    empty(postgres.url)
    with Redis.from_url(redis_server.url) as redis:
        redis.flushall()
    return environment_of(postgres, redis_server, tmp_path)


def environment_of(postgres: EmbeddedPostgres, redis_server: EmbeddedRedis, folder: Path) -> dict[str, str]:
    """The settings for these servers, with a new key store and recordings below ``folder``."""
    keys = folder / "keys"
    KeyStore.initialise(keys)
    return {
        "DATABASE_URL": postgres.url,
        "REDIS_URL": redis_server.url,
        "STORAGE_URL": (folder / "recordings").as_uri(),
        "SESSIONSCRIBE_KEYS_DIR": str(keys),
        "SESSIONSCRIBE_LEASE_SECONDS": "4",
        "SESSIONSCRIBE_REDISPATCH_SECONDS": "1",
        "SESSIONSCRIBE_DISPATCH_INTERVAL_SECONDS": "0.1",
    }


@pytest.fixture
def settings(environment: dict[str, str]) -> Settings:
    """The settings of this test."""
    return load(environment)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """An empty database with the real schema."""
    database = Database(settings.database_url)
    yield database
    database.close()


@pytest.fixture
def resources(settings: Settings, database: Database) -> Resources:
    """Real database, vault, store and queue; media is decoded by a fake."""
    return make_resources(settings, database)


def make_resources(settings: Settings, database: Database) -> Resources:
    """Resources over these settings, for whoever is not a fixture."""
    keys = KeyStore(settings.keys_dir)
    return Resources(
        settings=settings,
        database=database,
        vault=Vault(keys),
        recordings=Recordings(open_store(settings.storage_url, settings.s3), keys),
        decoder=FakeDecoder(),
        queue=WorkQueue(make_app(settings.redis_url, socket_timeout=2)),
    )


@dataclass(frozen=True)
class Office:
    """A practice with one therapist, who has one patient with consent."""

    caller: Caller
    patient_id: UUID


@pytest.fixture
def office(resources: Resources) -> Office:
    """A caller who may upload for a patient."""
    return make_office(resources)


def make_office(resources: Resources) -> Office:
    """Another practice with its own therapist and patient."""
    practice_id, therapist_id, patient_id = uuid4(), uuid4(), uuid4()
    resources.vault.keys.create(practice_id, patient_id)
    name = resources.vault.seal(Subject(practice_id, patient_id), "patient.name", "Pat Ient")
    with resources.database.transaction(practice_id) as db:
        db.add(Practice(id=practice_id, name="A practice"))
        db.flush()
        db.add(Therapist(id=therapist_id, practice_id=practice_id, name="A therapist", role="therapist"))
        db.flush()
        db.execute(
            Patient.__table__.insert().values(
                id=patient_id,
                practice_id=practice_id,
                therapist_id=therapist_id,
                name=name,
                consent_given_at=text("now()"),
                consent_method="written",
            )
        )
    caller = Caller(practice_id, therapist_id, "therapist", THERAPIST_SCOPES, uuid4())
    return Office(caller, patient_id)

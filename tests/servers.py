"""What the fixtures of the upper rungs are made of: a real Postgres, a real Redis, real keys.

Kept apart from ``conftest``, so that a unit test imports no database and no Celery.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from uuid import UUID, uuid4

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
from shared.settings import Settings
from shared.storage.local_store import LocalStore
from shared.storage.opening import open_store
from shared.storage.recordings import Recordings
from shared.vault.keystore import KeyStore
from shared.vault.sealing import Subject, Vault
from tests.database import empty, make_inspector
from tests.fakes.media import FakeDecoder
from tests.stack import running_postgres


@contextmanager
def migrated_postgres() -> Iterator[EmbeddedPostgres]:
    """A running Postgres with the schema in place."""
    with running_postgres() as server:
        server.create_database()
        migrations.upgrade(server.owner_url)
        make_inspector(server)
        yield server


def empty_environment(
    postgres: EmbeddedPostgres, redis_server: EmbeddedRedis, folder: Path
) -> dict[str, str]:
    """Empty both servers and return the settings for them."""
    empty(postgres.url)
    with Redis.from_url(redis_server.admin_url) as redis:
        redis.flushall()
    return environment_of(postgres, redis_server, folder)


@lru_cache
def database_at(url: str) -> Database:
    """The database at this address, with connections that all tests of this process share.

    A new connection learns the whole catalog first, and a new engine compiles each statement again.
    """
    return Database(url)


def environment_of(postgres: EmbeddedPostgres, redis_server: EmbeddedRedis, folder: Path) -> dict[str, str]:
    """The settings for these servers, with a new key store and place of recordings below ``folder``."""
    keys = folder / "keys"
    KeyStore.initialise(keys)
    LocalStore(folder / "recordings").set_up()
    return {
        "DATABASE_URL": postgres.url,
        "SESSIONSCRIBE_MIGRATIONS_DATABASE_URL": postgres.owner_url,
        "REDIS_URL": redis_server.admin_url,  # tests empty it, too
        "STORAGE_URL": (folder / "recordings").as_uri(),
        "SESSIONSCRIBE_KEYS_DIR": str(keys),
        "SESSIONSCRIBE_LEASE_SECONDS": "4",
        "SESSIONSCRIBE_REDISPATCH_SECONDS": "1",
        "SESSIONSCRIBE_DISPATCH_INTERVAL_SECONDS": "0.1",
        "SESSIONSCRIBE_UPLOADS_AT_ONCE": "1000",  # one person uploads side by side in many tests
    }


def make_resources(settings: Settings, database: Database) -> Resources:
    """Resources over these settings: real database, vault, store and queue; media is decoded by a fake."""
    keys = KeyStore(settings.keys_dir, settings.root_key_command)
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

"""The rows and files of one moment, put back as often as a test likes: cheaper than to make them anew."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
from redis import Redis

from shared.services.resources import Resources
from tests.database import INSPECTOR


class Snapshot:
    """What a database, its keys and its recordings hold."""

    def __init__(self, resources: Resources, copies: Path) -> None:
        self._settings = resources.settings
        self._copies = copies
        self._folders = (self._settings.keys_dir, Path(urlsplit(self._settings.storage_url).path))
        self._connection = psycopg2.connect(self._settings.database_url.replace("+psycopg2", ""))
        self._put_back = self._copy_rows()
        for number, folder in enumerate(self._folders):
            shutil.copytree(folder, copies / str(number))

    def restore(self) -> None:
        """Put back rows and files; Redis, which holds counts of attempts, is emptied."""
        with self._connection, self._connection.cursor() as cursor:
            cursor.execute(self._put_back)
        for number, folder in enumerate(self._folders):
            shutil.rmtree(folder)
            shutil.copytree(self._copies / str(number), folder)
        with Redis.from_url(self._settings.redis_url) as redis:
            redis.flushall()

    def close(self) -> None:
        """Forget the copies of the rows, which live as long as their connection."""
        self._connection.close()

    def _copy_rows(self) -> str:
        """Copy all rows to temporary tables; returns the statements that put them back."""
        with self._connection, self._connection.cursor() as cursor:
            cursor.execute(f"SET ROLE {INSPECTOR}")
            # Without triggers and foreign keys, tables may be emptied in any order, the trail's too.
            cursor.execute("SET session_replication_role = replica")
            cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            names = sorted({name for (name,) in cursor.fetchall()} - {"alembic_version"})
            for name in names:
                cursor.execute(f"CREATE TEMPORARY TABLE kept_{name} AS TABLE {name}")
        return "".join(f"DELETE FROM {name}; INSERT INTO {name} TABLE kept_{name};" for name in names)


@contextmanager
def snapshot_of(resources: Resources) -> Iterator[Snapshot]:
    """What these resources hold now; nothing else may write meanwhile."""
    with tempfile.TemporaryDirectory() as folder, closing(Snapshot(resources, Path(folder))) as snapshot:
        yield snapshot

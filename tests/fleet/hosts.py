"""The service on several hosts: the same processes as on one machine, each where it would be."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg2

from embedded.ports import LOOPBACK
from embedded.postgres import SUPERUSER, EmbeddedPostgres
from embedded.redis import EmbeddedRedis
from embedded.server import bare_environment
from shared.domain.errors import Unavailable
from shared.storage.s3 import S3Store
from tests.faults.keeper import Kept
from tests.faults.machine import Machine
from tests.fleet.network import NET, Network, network_of
from tests.fleet.scraping import TOKEN
from tests.s3 import BUCKET, CREDENTIALS
from tests.stack import temporary_folder
from tests.waiting import wait_for

WORKERS = ("east", "west", "south")
DATABASE, BROKER, STORAGE, FRONT = "database", "broker", "storage", "front"
HOSTS = (*WORKERS, DATABASE, BROKER, STORAGE, FRONT)
S3_PORT = 9000


class HostedPostgres(EmbeddedPostgres):
    """Postgres on a host of its own, open to its network."""

    def __init__(self, data_dir: Path, address: str) -> None:
        super().__init__(data_dir, fsync=False)
        self._address = address

    def prepare(self) -> None:
        super().prepare()
        access = self._cluster / "pg_hba.conf"
        line = f"host all all {NET}.0/24 scram-sha-256\n"
        if line not in access.read_text():
            access.write_text(access.read_text() + line)

    def command(self) -> list[str]:
        return [word.replace(LOOPBACK, self._address) for word in super().command()]

    def url_of(self, database: str, role: str = "sessionscribe") -> str:
        return super().url_of(database, role).replace(LOOPBACK, self._address)

    def _connect_as_superuser(self) -> psycopg2.extensions.connection:
        url = self.url_of("postgres", SUPERUSER).replace("+psycopg2", "")
        return psycopg2.connect(url, connect_timeout=2)


class HostedRedis(EmbeddedRedis):
    """Redis on a host of its own."""

    def __init__(self, data_dir: Path, address: str) -> None:
        super().__init__(data_dir)
        self._address = address

    def prepare(self) -> None:
        super().prepare()
        settings = self._folder / "redis.conf"
        settings.write_text(settings.read_text().replace(f"bind {LOOPBACK}", f"bind {self._address}"))

    @property
    def url(self) -> str:
        return super().url.replace(LOOPBACK, self._address)

    @property
    def admin_url(self) -> str:
        return super().admin_url.replace(LOOPBACK, self._address)


class Fleet(Machine):
    """Three hosts with a worker each; Postgres, Redis, S3, and the API with the dispatcher, on four others.

    The key store is a folder that all hosts see, as a shared file system would be.
    """

    def __init__(self, folder: Path, network: Network) -> None:
        super().__init__(folder, workers=len(WORKERS), settings={})
        self.network = network
        self.postgres = HostedPostgres(folder / "postgres", network[DATABASE])
        self.redis = HostedRedis(folder / "redis", network[BROKER])
        self.web_host = network[FRONT]
        self._settings = {
            "STORAGE_URL": f"s3://{BUCKET}",
            "SESSIONSCRIBE_S3_ENDPOINT": f"http://{network[STORAGE]}:{S3_PORT}",
            "SESSIONSCRIBE_METRICS_TOKEN": TOKEN,
            "SESSIONSCRIBE_PLAINTEXT_HOSTS": f"{network[DATABASE]},{network[BROKER]}",
            **CREDENTIALS,
        }

    def start(self) -> None:
        self.logs.mkdir()
        server = [
            sys.executable,
            "-m",
            "moto.server",
            "--host",
            self.network[STORAGE],
            "--port",
            str(S3_PORT),
        ]
        log = self.logs / "s3.log"
        self.keeper.add(Kept("s3", self.placed("s3", server), bare_environment(), log, Path("/")))
        wait_for(self._has_bucket, 60)
        super().start()

    def placed(self, name: str, argv: Sequence[str]) -> list[str]:
        return self.network.on(self.host_of(name), argv)

    def host_of(self, name: str) -> str:
        """Where a process is."""
        if name in self.workers:
            return WORKERS[self.workers.index(name)]
        return {"postgres": DATABASE, "redis": BROKER, "s3": STORAGE}.get(name, FRONT)

    def calm_down(self, but: tuple[str, ...] = ()) -> None:
        for host in HOSTS:
            self.network.plug_in_again(host)
        super().calm_down(but)

    def _has_bucket(self) -> bool:
        store = self.store
        assert isinstance(store, S3Store)
        try:
            store.make_bucket()
        except Unavailable:
            return False
        return True


@contextmanager
def running_fleet() -> Iterator[Fleet]:
    """A fleet that is up; ended with everything on it."""
    with network_of(HOSTS) as network, temporary_folder() as folder:
        fleet = Fleet(folder, network)
        fleet.disk.mkdir()
        try:
            fleet.start()
            yield fleet
        except BaseException:
            fleet.show()
            raise
        finally:
            fleet.keeper.stop()

"""One machine for fault tests: real Postgres, Redis, API, workers, dispatcher and Flower, to be broken.

The processes are those of the Procfile, started through entrances below ``tests/`` that add engines
without cost and obey orders (``arming``); a keeper starts again what dies.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from redis import Redis, RedisError

import migrations
from cli.local.accounts import make_first_keys
from embedded import procfile
from embedded.ports import LOOPBACK, next_free
from embedded.postgres import EmbeddedPostgres
from embedded.redis import EmbeddedRedis
from embedded.server import Server, bare_environment
from shared.settings import Settings, load
from shared.storage.objects import ObjectStore
from shared.storage.opening import open_store
from tests.database import make_inspector
from tests.faults.arming import Orders
from tests.faults.clocks import Clocks
from tests.faults.keeper import Keeper, Kept
from tests.stack import temporary_folder
from tests.waiting import is_answering, wait_for

ROOT = Path(__file__).parents[2]
LEASE_SECONDS = 3.0
START_SECONDS = 240  # a worker imports for three seconds of CPU, of which there may be little
SMALL_DISK_BYTES = 64 * 1024 * 1024
ENTRANCES = {
    "serving.app:create_app()": "tests.faults.web:create_app()",
    "workers.app": "tests.faults.worker",
    "workers.dispatcher": "tests.faults.dispatcher",
}
FAST = {
    "SESSIONSCRIBE_LEASE_SECONDS": str(LEASE_SECONDS),
    "SESSIONSCRIBE_REDISPATCH_SECONDS": "1",
    "SESSIONSCRIBE_DISPATCH_INTERVAL_SECONDS": "0.2",
}
WITHOUT_LIMITS = {
    "SESSIONSCRIBE_UPLOADS_PER_HOUR": "100000",
    "SESSIONSCRIBE_UPLOAD_ATTEMPTS_PER_HOUR": "1000000",
    "SESSIONSCRIBE_UPLOADS_AT_ONCE": "1000",
    "SESSIONSCRIBE_PRACTICE_MINUTES_PER_DAY": "100000000",
    "SESSIONSCRIBE_MIN_FREE_DISK_MIB": "0",
}


class Machine:
    """What runs, where it lies, and how to hurt it."""

    def __init__(self, folder: Path, *, workers: int, settings: dict[str, str]) -> None:
        self.folder = folder
        self.marker = f"quokka{uuid4().hex[:12]}"  # said in every session: clinical text
        self.keeper = Keeper()
        self.orders = Orders(folder / "orders")
        self.postgres = EmbeddedPostgres(folder / "postgres", fsync=False)
        self.redis = EmbeddedRedis(folder / "redis")
        self.redis_remembers = False
        self.logs = folder / "logs"
        self.disk = folder / "disk"  # small, where we may mount one
        self.recordings = self.disk / "recordings"
        self.keys = folder / "keys"
        self.workers = [f"worker.{number}" for number in range(1, workers + 1)]
        self.web_host = LOOPBACK
        self.web_port = 0
        self.therapist_key = self.administrator_key = ""
        self.clocks: Clocks | None = None  # if set, each process has a clock of its own
        self._settings = settings
        self._entries = {
            entry.name: entry for entry in procfile.parse((ROOT / "Procfile").read_text().splitlines())
        }

    @property
    def settings(self) -> Settings:
        """As the machine's processes read them."""
        return load(self.environment())

    @property
    def store(self) -> ObjectStore:
        """Where the recordings lie."""
        return open_store(self.settings.storage_url, self.settings.s3)

    def placed(self, name: str, argv: Sequence[str]) -> list[str]:
        """The command of this process, where it is to run: here."""
        return list(argv)

    def environment(self) -> dict[str, str]:
        """Of every process."""
        inherited = {name: os.environ[name] for name in ("HOME", "TMPDIR") if name in os.environ}
        return {
            **inherited,
            "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "DATABASE_URL": self.postgres.url,
            "REDIS_URL": self.redis.url,
            "STORAGE_URL": self.recordings.as_uri(),
            "SESSIONSCRIBE_KEYS_DIR": str(self.keys),
            "PORT": str(self.web_port),
            "FAULTS_FOLDER": str(self.folder / "orders"),
            "FAULTS_MARKER": self.marker,
            **FAST,
            **WITHOUT_LIMITS,
            **self._settings,
        }

    def start(self) -> None:
        """Bring everything up, as a machine that was switched on."""
        self.logs.mkdir(exist_ok=True)
        self.recordings.mkdir()
        self.orders.prepare()
        for server in (self.postgres, self.redis):
            server.prepare()
        self._keep_server("postgres", self.postgres, self.postgres.prepare)
        self._keep_server("redis", self.redis, self._prepare_redis)
        wait_for(lambda: self.postgres.is_ready() and self.redis.is_ready(), 60)
        self.postgres.create_database()
        migrations.upgrade(self.postgres.owner_url)
        make_inspector(self.postgres)
        made = make_first_keys(self.settings, "A practice", "A therapist")
        self.therapist_key, self.administrator_key = made.therapist or "", made.administrator or ""
        self.web_port = next_free(18700 + os.getpid() % 1000)
        self.keep("web")
        self.keep("dispatcher")
        for name in self.workers:
            self.keep("worker", name)
        self.wait_until_up()

    def wait_until_up(self) -> None:
        """Return when everything that is wanted answers."""
        wait_for(self.postgres.is_ready, 60)
        wait_for(self.redis.is_ready, 60)
        wait_for(lambda: is_answering(self.web_port, self.web_host), START_SECONDS)
        for name in self.workers:
            kept = self.keeper[name]
            wait_for(lambda kept=kept: not kept.wanted or kept.children(), START_SECONDS)  # type: ignore[misc]

    def keep(self, entry: str, name: str | None = None, **more: str) -> Kept:
        """Run a line of the Procfile, under this name."""
        name = name or entry
        clock = self.clocks.environment_of(name) if self.clocks else {}
        env = {**self.environment(), "INSTANCE": name.rpartition(".")[2], **clock, **more}
        words = procfile.expand(self._entries[entry], env)
        argv = [ENTRANCES.get(word, word) for word in words] if entry != "flower" else words
        if entry == "web":
            argv[argv.index("--workers") + 1] = "1"
            argv[argv.index("--bind") + 1] = f"{self.web_host}:{self.web_port}"
        return self.keeper.add(Kept(name, self.placed(name, argv), env, self.logs / f"{name}.log", ROOT))

    def worker_of(self, pid: int) -> str:
        """The name of the worker whose child this is."""
        return next(name for name in self.workers if pid in [c.pid for c in self.keeper[name].children()])

    def calm_down(self, but: tuple[str, ...] = ()) -> None:
        """Withdraw all orders, thaw what is frozen and bring up what is down, ``but`` these."""
        self.orders.disarm()
        for kept in self.keeper:
            kept.wanted = kept.name not in but
            for child in kept.children():
                _thaw(child.pid)
            kept.send(signal.SIGCONT)
        self.wait_until_up()

    def show(self) -> None:
        """The errors in the logs and their ends, for whoever looks for the cause."""
        for kept in self.keeper:
            print(f"--- {kept.name}: {kept.exit_codes[-9:]}", file=sys.stderr)
            lines = self.log_of(kept.name).splitlines()
            errors = [line for line in lines[:-15] if '"level": "error"' in line]
            print("\n".join([*errors, *lines[-15:]]), file=sys.stderr)

    def connect_to_redis(self) -> Redis:
        return Redis.from_url(self.redis.admin_url, socket_timeout=5)

    def flush_redis(self) -> None:
        """FLUSHALL, if there is a Redis."""
        with suppress(RedisError), self.connect_to_redis() as redis:
            redis.flushall()

    def log_of(self, name: str) -> str:
        path = self.logs / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def _keep_server(self, name: str, server: Server, prepare) -> None:  # type: ignore[no-untyped-def]
        words = self.clocks.wound_for(name, server.command()) if self.clocks else server.command()
        argv = self.placed(name, words)
        kept = Kept(name, argv, bare_environment(), self.logs / f"{name}.log", Path("/"))
        kept.prepare = prepare
        self.keeper.add(kept)

    def _prepare_redis(self) -> None:
        """A Redis that is started again has forgotten everything, unless a test says otherwise."""
        if not self.redis_remembers:
            shutil.rmtree(self.folder / "redis" / "appendonlydir", ignore_errors=True)


@contextmanager
def running_machine(
    workers: int = 2,
    settings: dict[str, str] | None = None,
    *,
    small_disk: bool = False,
    own_clocks: bool = False,
) -> Iterator[Machine]:
    """A machine that is up; ended with everything on it. About ten seconds."""
    with temporary_folder() as folder:
        machine = Machine(folder, workers=workers, settings=settings or {})
        machine.disk.mkdir()
        if own_clocks:
            machine.clocks = Clocks(folder / "clocks")
        mounted = small_disk and _mount(machine.disk)
        try:
            machine.start()
            yield machine
        except BaseException:
            machine.show()
            raise
        finally:
            machine.keeper.stop()
            if machine.clocks:
                machine.clocks.clear_up()
            if mounted:
                subprocess.run(["umount", "--lazy", machine.disk], check=True)


def _mount(folder: Path) -> bool:
    """Whether a small disk of memory could be laid there: not where we are not root."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK_BYTES}", "tmpfs", folder]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _thaw(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)

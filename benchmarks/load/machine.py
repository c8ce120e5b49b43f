"""A machine for benchmarks: Postgres, Redis and the Procfile's workers, and what their processes take."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import migrations
from api.dependencies import build_resources
from embedded import procfile
from embedded.launch import launched
from shared import logs
from shared.services.resources import Resources
from shared.settings import Settings, load
from shared.storage.local_store import LocalStore
from shared.vault.keystore import KeyStore
from tests.servers import Office, make_office
from tests.stack import running_postgres, running_redis, temporary_folder

ROOT = Path(__file__).parents[2]
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Machine:
    """What runs: the environment of its processes, and a practice with a patient."""

    environment: dict[str, str]
    settings: Settings
    resources: Resources
    office: Office
    folder: Path


@contextmanager
def running_machine(**settings: str) -> Iterator[Machine]:
    """Servers of its own with an empty database, gone at the end; without workers yet."""
    with running_postgres() as postgres, running_redis() as redis, temporary_folder() as folder:
        postgres.create_database()
        migrations.upgrade(postgres.owner_url)
        KeyStore.initialise(folder / "keys")
        LocalStore(folder / "recordings").set_up()
        environment = {
            "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": postgres.url,
            "REDIS_URL": redis.url,
            "STORAGE_URL": (folder / "recordings").as_uri(),
            "SESSIONSCRIBE_KEYS_DIR": str(folder / "keys"),
            "SESSIONSCRIBE_LOG_LEVEL": "ERROR",
            **settings,
        }
        logs.configure("benchmark", "ERROR")
        known = load(environment)
        resources = build_resources(known)
        yield Machine(environment, known, resources, make_office(resources), folder)


@contextmanager
def running_workers(machine: Machine, count: int) -> Iterator[list[int]]:
    """``count`` workers and a dispatcher, as the Procfile starts them; gives the workers' ids."""
    entries = {entry.name: entry for entry in procfile.parse((ROOT / "Procfile").read_text().splitlines())}
    with ExitStack() as stack:
        _start(stack, machine, entries["dispatcher"].command)
        yield [
            _start(stack, machine, entries["worker"].command.replace("$INSTANCE", str(number)))
            for number in range(count)
        ]


def _start(stack: ExitStack, machine: Machine, command: str) -> int:
    argv = launched(["/bin/sh", "-c", f"exec {command}"])
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(argv, cwd=ROOT, env=machine.environment, stdout=quiet, stderr=quiet)

    def stop() -> None:
        process.terminate()
        process.wait(timeout=60)

    stack.callback(stop)
    return process.pid


@dataclass
class Taken:
    """What processes have taken: CPU seconds, and the peak resident set of each kind in MB."""

    cpu_seconds: float = 0.0
    peak_mb: dict[str, int] = field(default_factory=dict)


class Watch:
    """Looks at processes and all that they started, ten times a second, until the block ends."""

    def __init__(self, roots: list[int]) -> None:
        self._roots = roots
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.taken = Taken()
        self._before = 0.0

    def __enter__(self) -> "Watch":
        self._before = cpu_seconds(self._roots)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self.taken.cpu_seconds = cpu_seconds(self._roots) - self._before

    def _look(self) -> None:
        while not self._stop.wait(0.1):
            for pid, depth in tree(self._roots):
                kind = ("worker, parent", "worker", "media, server")[depth] if depth < 3 else "media, decoder"
                size = _peak_mb(pid)
                self.taken.peak_mb[kind] = max(size, self.taken.peak_mb.get(kind, 0))


def cpu_seconds(roots: list[int]) -> float:
    """CPU seconds of these processes, of what they started, and of what that left behind."""
    return sum(_cpu(pid) for pid, _ in tree(roots))


def tree(roots: list[int]) -> list[tuple[int, int]]:
    """These processes and their descendants, each with its depth."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (stat := _stat(int(folder.name))):
            children.setdefault(int(stat[1]), []).append(int(folder.name))
    found = [(pid, 0) for pid in roots]
    for pid, depth in found:
        found += [(child, depth + 1) for child in children.get(pid, ())]
    return found


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name, or none for a process that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _cpu(pid: int) -> float:
    stat = _stat(pid)
    return sum(map(int, stat[11:15])) / _TICKS if stat else 0.0


def _peak_mb(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    peak = next((line for line in status.splitlines() if line.startswith("VmHWM")), "VmHWM: 0 kB")
    return int(peak.split()[1]) // 1024

"""Who runs the stack in a data folder: a lock that dies with its holder, and a file that tells the rest."""

import fcntl
import json
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

from embedded import leftovers
from embedded.private_files import private_folder, write_private

# Start times are computed from the boot time, which moves when the clock is set.
START_TIME_TOLERANCE_SECONDS = 2.0
LEFTOVERS_GRACE_SECONDS = 3.0


@dataclass(frozen=True)
class ProcessMark:
    """A process that cannot be mistaken for a later one of the same number."""

    pid: int
    started_at: float

    @classmethod
    def of(cls, pid: int) -> "ProcessMark | None":
        """The mark of a running process; None if it has ended."""
        try:
            return cls(pid, psutil.Process(pid).create_time())
        except psutil.NoSuchProcess:
            return None

    def process(self) -> psutil.Process | None:
        """The process, if it is still the same and has not ended."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started_at) < START_TIME_TOLERANCE_SECONDS
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


@dataclass(frozen=True)
class StackStatus:
    """A running stack: its supervisor, its addresses by name, and whether it takes requests yet."""

    supervisor: ProcessMark
    ready: bool
    addresses: Mapping[str, str]
    log_dir: Path
    processes: tuple[ProcessMark, ...] = field(default=(), repr=False)


class AlreadyRunning(Exception):
    """The data folder is in use; ``status`` tells by whom, unless that one has only just begun."""

    def __init__(self, status: StackStatus | None) -> None:
        super().__init__("a stack is already running on this data folder")
        self.status = status


class StackState:
    """The folder ``run`` of a data folder."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "run"
        self._file = self._folder / "stack.json"
        self._lock: int | None = None

    def acquire(self) -> None:
        """Hold the data folder until this process ends. Raises AlreadyRunning."""
        private_folder(self._folder)
        lock = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise AlreadyRunning(self.running()) from None
        self._lock = lock

    def release(self) -> None:
        """Say that nothing runs any more, and let the folder go."""
        self._file.unlink(missing_ok=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def write(self, status: StackStatus) -> None:
        """Tell other processes; only by who holds the folder."""
        write_private(self._file, json.dumps(asdict(status) | {"log_dir": str(status.log_dir)}))

    def running(self) -> StackStatus | None:
        """What the file says, if the supervisor that it names is alive."""
        status = self._read()
        return status if status and status.supervisor.process() else None

    def end_leftovers(self) -> None:
        """End what a killed supervisor's children left of themselves; only by who holds the folder."""
        status = self._read()
        if status is None:
            return
        left = list(_with_descendants(mark.process() for mark in status.processes))
        # They were told by the kernel when their supervisor died, and are given time to obey.
        leftovers.end(left, LEFTOVERS_GRACE_SECONDS)
        self._file.unlink(missing_ok=True)

    def _read(self) -> StackStatus | None:
        try:
            known = json.loads(self._file.read_text(encoding="utf-8"))
            return StackStatus(
                supervisor=ProcessMark(**known["supervisor"]),
                ready=known["ready"],
                addresses=known["addresses"],
                log_dir=Path(known["log_dir"]),
                processes=tuple(ProcessMark(**mark) for mark in known["processes"]),
            )
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None


def status(data_dir: Path) -> StackStatus | None:
    """The stack that runs on ``data_dir``; None if there is none. May be asked by any process."""
    return StackState(data_dir.resolve()).running()


def stop(data_dir: Path, timeout: float = 90.0) -> bool:
    """Ask the running stack to stop and wait for its end.

    False if none is running or it has not ended within ``timeout`` seconds.
    """
    running = status(data_dir)
    process = running.supervisor.process() if running else None
    if process is None:
        return False
    process.terminate()
    deadline = time.monotonic() + timeout
    while running and running.supervisor.process():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _with_descendants(processes: Iterable[psutil.Process | None]) -> Iterable[psutil.Process]:
    for process in processes:
        if process is None:
            continue
        try:
            yield from [process, *process.children(recursive=True)]
        except psutil.NoSuchProcess:
            continue

"""Keeps a test's processes running, as any supervisor would, unless a test holds one down."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from embedded.launch import launched
from tests.waiting import wait_for

LOOK_SECONDS = 0.02
PAUSE_SECONDS = 0.3


@dataclass
class Kept:
    """One process that is started again whenever it ends."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    log: Path
    folder: Path
    prepare: Callable[[], object] = lambda: None
    stop_signal: int = signal.SIGTERM
    wanted: bool = True
    popen: subprocess.Popen[bytes] | None = None
    exit_codes: list[int] = field(default_factory=list)
    started_at: float = 0.0

    @property
    def pid(self) -> int:
        """Its number while it runs, else 0."""
        popen = self.popen
        return popen.pid if popen is not None and popen.poll() is None else 0

    def children(self) -> list[psutil.Process]:
        pid = self.pid
        try:
            return psutil.Process(pid).children(recursive=True) if pid else []
        except psutil.NoSuchProcess:
            return []

    def send(self, number: int) -> None:
        """Signal it alone, if it runs."""
        if pid := self.pid:  # asked once: it may end meanwhile, and 0 would be ourselves
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def send_group(self, number: int) -> None:
        """Signal it and all that it started, if it runs."""
        if pid := self.pid:
            with suppress(ProcessLookupError):
                os.killpg(pid, number)


class Keeper:
    """The processes of one machine, started and started again by one thread."""

    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}
        self._stop = threading.Event()
        # Processes end with the thread that started them, so there is one for as long as they run.
        self._thread = threading.Thread(target=self._keep, name="keeper", daemon=True)

    def __getitem__(self, name: str) -> Kept:
        return self._kept[name]

    def __iter__(self):  # type: ignore[no-untyped-def]  # of Kept
        return iter(list(self._kept.values()))

    def add(self, kept: Kept) -> Kept:
        """Have it started within a moment, and kept running."""
        self._kept[kept.name] = kept
        if not self._thread.is_alive():
            self._thread.start()
        return kept

    def hold_down(self, name: str, number: int = signal.SIGKILL) -> None:
        """End it, and leave it so until ``bring_up``."""
        kept = self._kept[name]
        kept.wanted = False
        kept.send(number)
        wait_for(lambda: not kept.pid, 60)

    def bring_up(self, name: str) -> None:
        self._kept[name].wanted = True

    def restart(self, name: str, number: int = signal.SIGKILL) -> None:
        """End it, and have it running again, though perhaps not ready."""
        kept = self._kept[name]
        before = kept.pid
        kept.send(number)
        wait_for(lambda: kept.pid not in (0, before), 60)

    def stop(self) -> None:
        """End all, and whatever they started."""
        self._stop.set()
        self._thread.join()
        for kept in self:
            left = kept.children()
            kept.send(signal.SIGCONT)
            kept.send_group(signal.SIGKILL)
            if kept.popen is not None:
                kept.popen.wait(30)
            for child in left:
                _end(child)

    def _keep(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            for kept in self:
                if kept.popen is not None and kept.popen.poll() is not None:
                    kept.exit_codes.append(kept.popen.returncode)
                    kept.popen = None
                if kept.popen is None and kept.wanted and time.monotonic() > kept.started_at + PAUSE_SECONDS:
                    _start(kept)


def _start(kept: Kept) -> None:
    kept.prepare()
    kept.started_at = time.monotonic()
    with kept.log.open("ab") as log:
        kept.popen = subprocess.Popen(
            launched(list(kept.argv), signal.SIGKILL),
            cwd=kept.folder,
            env=dict(kept.env),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _end(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        """It went with its parent."""

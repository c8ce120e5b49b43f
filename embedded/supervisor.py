"""Keeps processes running: starts them in groups, restarts what ends, ends everything with itself."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from embedded.orphans import OrphanWatch, adopt_orphans, end_descendants
from embedded.private_files import private_folder
from embedded.process import Process, Program
from embedded.signals import SignalWatch

log = structlog.get_logger(__name__)

READINESS_POLL_SECONDS = 0.05
HOUSEKEEPING_SECONDS = 2.0
EXITS_BEFORE_GIVING_UP = 4
LAST_WORDS = 20


class StopRequested(Exception):
    """SIGTERM or SIGINT came: stop the current work."""


class StartFailed(Exception):
    """A process did not become ready or ended with an error; the text names its log file."""


class Supervisor:
    """Owns processes while it is entered; leaving it, also by an error, ends all of them.

    One thread and one loop. Enter it in the main thread, because of signals, of a process that
    has no other children: at the end every descendant is killed.
    """

    def __init__(self, log_dir: Path, on_change: Callable[[list[int]], None] | None = None) -> None:
        """``on_change`` gets the numbers of the running processes whenever they change."""
        self._log_dir = log_dir
        self._on_change = on_change
        self._groups: list[list[Process]] = []
        self._signals = SignalWatch()
        self._orphans = OrphanWatch()
        self._next_housekeeping = 0.0

    def __enter__(self) -> Self:
        private_folder(self._log_dir)
        self._signals.__enter__()
        adopt_orphans()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.stop()
        finally:
            self._signals.__exit__(kind, error, trace)

    def start(self, programs: Sequence[Program]) -> None:
        """Start a group in the given order; groups and their members stop in reverse."""
        self._raise_if_asked_to_stop()
        group: list[Process] = []
        self._groups.append(group)
        for program in programs:
            process = Process(program, self._log_dir)
            group.append(process)
            self._start(process)
        self.report_change()

    def wait_until(self, is_ready: Callable[[], bool], timeout: float, name: str) -> None:
        """Keep things running until ``is_ready``, which is asked often and must answer soon.

        Raises StopRequested, and StartFailed when ``timeout`` seconds are over or a process of
        that ``name`` has ended several times.
        """
        deadline = time.monotonic() + timeout
        while not is_ready():
            self._turn(READINESS_POLL_SECONDS)
            failing = [p for p in self._named(name) if p.exits >= EXITS_BEFORE_GIVING_UP]
            if failing:
                raise StartFailed(f"{name} keeps ending while it starts; see {failing[0].log_path}")
            if time.monotonic() > deadline:
                raise StartFailed(f"{name} was not ready after {timeout:g} s; see {self._log_dir}")

    def run_to_completion(self, program: Program) -> None:
        """Run ``program`` once. Raises StopRequested, and StartFailed, with its last lines, on an error."""
        self._raise_if_asked_to_stop()
        process = Process(program, self._log_dir)
        self._groups.append([process])
        self._start(process)
        self.report_change()
        while not process.has_just_ended():
            self._turn(HOUSEKEEPING_SECONDS, once=process)
        self._groups.remove([process])
        self.report_change()
        if process.exit_code != 0:
            said = "".join(f"\n{line}" for line in process.last_words(LAST_WORDS))
            raise StartFailed(
                f"{program.name} ended with code {process.exit_code}; see {process.log_path}{said}"
            )

    def watch(self) -> None:
        """Keep everything running until SIGTERM or SIGINT."""
        try:
            while True:
                self._turn(HOUSEKEEPING_SECONDS)
        except StopRequested:
            return

    def stop(self) -> None:
        """End every process, the last group first, with all descendants."""
        while self._groups:
            self._stop_group(self._groups.pop())
        end_descendants()

    def report_change(self) -> None:
        """Call ``on_change`` with the numbers of what runs now."""
        if self._on_change:
            self._on_change(self._pids())

    def _turn(self, seconds: float, once: Process | None = None) -> None:
        """Wait up to ``seconds`` for something to happen, then see to every process but ``once``."""
        self._raise_if_asked_to_stop()
        pauses = [seconds, *(process.seconds_until_due() for process in self._processes() if not process.pid)]
        self._signals.wait(min(pauses))
        self._raise_if_asked_to_stop()
        changed = False
        for process in self._processes():
            if process is once:
                continue
            if process.has_just_ended():
                changed = True
                log.warning("process_ended", process=process.program.name, exit_code=process.exit_code)
            if process.is_due():
                changed = True
                self._start(process)
        if changed:
            self.report_change()
        self._keep_house()

    def _keep_house(self) -> None:
        if time.monotonic() < self._next_housekeeping:
            return
        self._next_housekeeping = time.monotonic() + HOUSEKEEPING_SECONDS
        self._orphans.look(self._pids())
        for process in self._processes():
            process.rotate_log()
            if process.is_silent():  # frozen, or hung: it ends now, and is started again
                log.error("process_hangs", name=process.program.name)
                process.kill_group()

    def _start(self, process: Process) -> None:
        process.start()
        log.info("process_started", process=process.program.name, pid=process.pid)

    def _stop_group(self, group: list[Process]) -> None:
        """Ask each to stop, last first; kill who has not ended when its grace is over.

        A second signal from the user ends the grace of all.
        """
        asked_at = time.monotonic()
        for process in reversed(group):
            process.ask_to_stop()
        running = [process for process in group if process.pid]
        while running:
            self._signals.wait(READINESS_POLL_SECONDS)
            running = [process for process in running if not process.has_just_ended()]
            waited = time.monotonic() - asked_at
            for process in running:
                if self._signals.stop_requests > 1 or waited > process.program.grace_seconds:
                    process.kill_group()

    def _raise_if_asked_to_stop(self) -> None:
        if self._signals.stop_requests:
            raise StopRequested

    def _processes(self) -> list[Process]:
        return [process for group in self._groups for process in group]

    def _named(self, name: str) -> list[Process]:
        return [process for process in self._processes() if process.program.name == name]

    def _pids(self) -> list[int]:
        return [process.pid for process in self._processes() if process.pid]

"""A stack that belongs to this process: started, started again if it dies, and ended with it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import psutil

from cli.exits import CommandError, Exit
from cli.interrupts import Interrupts
from cli.output.progress import Display
from cli.profile import Profile, saved_profile
from embedded import state
from embedded.launch import launched
from embedded.orphans import adopt_orphans, end_descendants
from embedded.private_files import private_folder
from embedded.state import StackStatus

RESTARTS = 10
READY_SECONDS = 180.0
STOP_SECONDS = 120.0
ORPHANS_SECONDS = 15.0
POLL_SECONDS = 0.1


class ChildStack:
    """``sessionscribe up`` on ``data`` as a child; must live in the main thread.

    If this process is killed, the kernel tells the child to stop.
    """

    def __init__(
        self, data: Path, display: Display, interrupts: Interrupts, settings: Mapping[str, str] | None = None
    ) -> None:
        """``settings`` are used where the environment does not say otherwise."""
        self._settings = dict(settings or {})
        self._data = data.resolve()
        self._display = display
        self._interrupts = interrupts
        self._process: subprocess.Popen[bytes] | None = None
        self._starts = 0

    def start(self) -> None:
        """Start it and return at once."""
        adopt_orphans()
        private_folder(self._data, 0o711 if os.geteuid() == 0 else 0o700)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        with self._interrupts.held():
            output = os.open(self._log, flags, 0o600)
            try:
                self._process = subprocess.Popen(  # noqa: S603 - our own program, no shell
                    launched([sys.executable, "-m", "cli.main", "--data", str(self._data), "up"]),
                    env={**self._settings, **os.environ},
                    cwd=Path(__file__).resolve().parents[2],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,  # Ctrl-C is for us; we then ask it to stop
                )
            finally:
                os.close(output)
        self._starts += 1

    def see_to_it(self) -> bool:
        """Start it again if it has been killed; True if that was so.

        Raises CommandError if it ended by itself with an error, or dies again and again.
        """
        self._reap_orphans()
        if self._process is None or self._process.poll() is None:
            return False
        code = self._process.returncode
        if code > 0 or self._starts > RESTARTS:
            raise CommandError(f"The stack ended.\n{self._last_words()}", Exit.FAILED)
        self._display.say("The stack has ended; starting it again.")
        self.start()
        return True

    def wait_until_ready(self) -> Profile:
        """Return when the API answers, with its address and keys; raises CommandError."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            self.see_to_it()
            status = state.status(self._data)
            profile = saved_profile(self._data) if status and status.ready else None
            if profile is not None:
                return profile
            self._display.waiting(_what_is_missing(status))
            time.sleep(POLL_SECONDS)
        raise CommandError(
            f"The stack was not ready after {READY_SECONDS:.0f} s; see {self._data / 'logs'}.", Exit.FAILED
        )

    def stop(self) -> None:
        """End it and everything it started; returns when all are gone.

        Another Ctrl-C meanwhile tells it to hurry.
        """
        process, self._process = self._process, None
        if process is None:
            return
        try:
            with self._interrupts.held():
                self._display.rest()
                self._display.say("Stopping the stack …")
                self._end(process)
                # If it was killed, what it left is told by the kernel and given time to obey.
                psutil.wait_procs(psutil.Process().children(recursive=True), ORPHANS_SECONDS)
                end_descendants()
        except KeyboardInterrupt:
            return  # we are already stopping

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + STOP_SECONDS
        asked = None
        while process.poll() is None:
            if self._interrupts.count != asked:
                asked = self._interrupts.count
                process.send_signal(signal.SIGTERM)
            if time.monotonic() > deadline:
                process.kill()
            time.sleep(POLL_SECONDS)

    def _reap_orphans(self) -> None:
        """Collect adopted processes that have ended; the next stack waits for them to be gone."""
        for child in psutil.Process().children():
            if self._process is None or child.pid != self._process.pid:
                try:
                    os.waitpid(child.pid, os.WNOHANG)
                except ChildProcessError:
                    continue

    def _last_words(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-5:])

    @property
    def _log(self) -> Path:
        return self._data / "stack.log"


def _what_is_missing(status: StackStatus | None) -> str:
    if status is None:
        return "Waiting for the stack to begin …"
    if not status.addresses:
        return "Waiting for Postgres and Redis …"
    return "Waiting for the schema, the API and the workers …"

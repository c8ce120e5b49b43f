"""One supervised process: started in its own session, with a log file, a pause before each restart."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from embedded.launch import launched

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0
STABLE_AFTER_SECONDS = 30.0
# A process that touches a file to show that it lives, and has not for so long, hangs. Measured with our
# own clock, by whether the file changed: the machine's may jump.
SILENT_SECONDS = 90.0
LOG_LIMIT_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True)
class Program:
    """What to run: the words of a command, its whole environment, and how to end it.

    ``log_name`` names the log file (without ``.log``); instances of one kind may share it.
    ``sign_file`` is what the process touches to show that it lives; None: it is not watched.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    log_name: str
    folder: Path = Path("/")
    stop_signal: int = signal.SIGTERM
    grace_seconds: float = 10.0
    sign_file: Path | None = None
    silent_seconds: float = SILENT_SECONDS


class Process:
    """A program that is running, or waits for its next start."""

    def __init__(self, program: Program, log_dir: Path) -> None:
        self.program = program
        self.log_path = log_dir / f"{program.log_name}.log"
        self.exits = 0
        self.exit_code: int | None = None
        self._popen: subprocess.Popen[bytes] | None = None
        self._pause = FIRST_PAUSE_SECONDS
        self._started_at = 0.0
        self._start_again_at = 0.0
        self._log_began_at = 0
        self._sign: int | None = None
        self._signed_at = 0.0

    @property
    def pid(self) -> int | None:
        """The number of the running process; it is also that of its group."""
        return self._popen.pid if self._popen else None

    def start(self) -> None:
        """Start it; must run in the main thread (see ``launched``)."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND  # appending lets `rotate_log` truncate under it
        log = os.open(self.log_path, flags, 0o600)
        self._log_began_at = os.fstat(log).st_size
        try:
            self._popen = subprocess.Popen(  # noqa: S603 - commands of our own, no shell
                launched(self.program.argv, self.program.stop_signal),
                env=dict(self.program.env),
                cwd=self.program.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        finally:
            os.close(log)
        self._started_at = self._signed_at = time.monotonic()

    def last_words(self, most: int) -> list[str]:
        """The last lines, at most that many, that it wrote to its log since its last start."""
        with self.log_path.open("rb") as log:
            log.seek(self._log_began_at)
            return log.read().decode("utf-8", "replace").splitlines()[-most:]

    def has_just_ended(self) -> bool:
        """True once for each end; what is left of its group is killed then."""
        if self._popen is None or self._popen.poll() is None:
            return False
        self.exits += 1
        self.exit_code = self._popen.returncode
        self.kill_group()
        self._popen = None
        now = time.monotonic()
        if now - self._started_at >= STABLE_AFTER_SECONDS:
            self._pause = FIRST_PAUSE_SECONDS
        self._start_again_at = now + self._pause
        self._pause = min(self._pause * 2, LONGEST_PAUSE_SECONDS)
        return True

    def is_silent(self) -> bool:
        """Whether it is to give signs of life and has given none for too long; to be asked often."""
        file = self.program.sign_file
        if file is None or self._popen is None:
            return False
        sign = file.stat().st_mtime_ns if file.exists() else None
        if sign != self._sign:
            self._sign, self._signed_at = sign, time.monotonic()
        return time.monotonic() - self._signed_at > self.program.silent_seconds

    def is_due(self) -> bool:
        """Whether it has ended and the pause is over."""
        return self._popen is None and self.seconds_until_due() == 0

    def seconds_until_due(self) -> float:
        """How much of the pause is left."""
        return max(0.0, self._start_again_at - time.monotonic())

    def ask_to_stop(self) -> None:
        """Signal the process alone: a worker's children must live to finish or give back their work."""
        if self._popen:
            self._popen.send_signal(self.program.stop_signal)

    def kill_group(self) -> None:
        """SIGKILL to it and every process it started that did not leave its group."""
        if self._popen:
            try:
                os.killpg(self._popen.pid, signal.SIGKILL)
            except ProcessLookupError:
                return

    def rotate_log(self) -> None:
        """Move a long log to ``….log.1``; by copying, because processes hold the file open."""
        if not self.log_path.exists() or self.log_path.stat().st_size < LOG_LIMIT_BYTES:
            return
        older = self.log_path.with_suffix(".log.1")
        older.touch(mode=0o600)
        older.write_bytes(self.log_path.read_bytes())
        os.truncate(self.log_path, 0)

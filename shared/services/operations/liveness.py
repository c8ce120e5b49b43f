"""Signs of life: a process says that it goes on, in a file for who started it and in Postgres for all."""

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from shared.db.connection.engine import Database, DatabaseError
from shared.db.queries.work import heartbeats
from shared.domain.errors import Unavailable

# Held while a sign is given, and to fork: a child inherits every lock as it is at that moment (of
# SQLAlchemy, the driver, an import), and one that this thread holds would never be released in it.
_no_fork = threading.Lock()
_forking = threading.local()
# A Postgres that is frozen holds up a sign for as long as it is; a worker without a child is worse.
FORK_WAITS_SECONDS = 10.0


def _before_fork() -> None:
    _forking.holds = False  # also if a signal's handler raises meanwhile, which Python lets pass
    _forking.holds = _no_fork.acquire(timeout=FORK_WAITS_SECONDS)


def _after_fork() -> None:
    if _forking.holds:
        _no_fork.release()


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)


class SignsOfLife:
    """Signs of one process, given from a thread of its own, so that no outage stops the others.

    ``goes_on`` is asked before each sign: whether the process does its work. A frozen process gives
    none, because its threads are frozen too.
    """

    def __init__(
        self, database_url: str, process: str, kind: str, goes_on: Callable[[], bool], file: Path | None
    ) -> None:
        """``file`` is touched with each sign, if there is one."""
        self._database_url = database_url
        self._process = process
        self._kind = kind
        self._goes_on = goes_on
        self._file = file
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._give_signs, name="signs of life", daemon=True)

    def begin(self) -> None:
        """Give the first sign, and the others from now on."""
        self._thread.start()

    def end(self) -> None:
        """Give no more."""
        self._stop.set()

    def _give_signs(self) -> None:
        while True:
            with _no_fork:
                if self._goes_on():
                    self._give()
            if self._stop.wait(heartbeats.EVERY_SECONDS):
                return

    def _give(self) -> None:
        if self._file is not None:
            with suppress(OSError):
                self._file.touch()
        # A connection for each: the children of a worker are forked at any moment, and none is to be
        # handed down to them.
        database = Database(self._database_url, pool_size=1)
        try:
            with database.operating() as db:
                heartbeats.give(db, self._process, self._kind)
        except (Unavailable, DatabaseError):
            return  # the next one, when it is back
        finally:
            database.close()


class Pulse:
    """Whether a loop turns: it calls ``beat``, and others ask whether it did of late."""

    def __init__(self) -> None:
        self._beaten_at = time.monotonic()

    def beat(self) -> None:
        """Say that the loop turned (or has a reason not to)."""
        self._beaten_at = time.monotonic()

    def is_felt(self) -> bool:
        """Whether that was less than a minute ago."""
        return time.monotonic() - self._beaten_at < heartbeats.FRESH_SECONDS

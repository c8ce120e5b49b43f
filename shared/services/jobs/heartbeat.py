"""The heartbeat of a lease: keeps it while the work goes on, and tells the work when it is lost."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

from shared.db.connection.engine import Database, DatabaseError
from shared.db.queries.work import step_claims
from shared.db.queries.work.step_claims import Lease
from shared.domain.errors import Unavailable

Result = TypeVar("Result")

WATCH_SECONDS = 0.25


class LeaseLost(Exception):
    """The lease ran out, was taken over, or the session is over: stop, and save nothing."""


class Heartbeat:
    """Extends a lease from a thread of its own while the work goes on."""

    def __init__(self, database: Database, lease: Lease, lease_seconds: float) -> None:
        self._database = database
        self._lease = lease
        self._lease_seconds = lease_seconds
        self._progress = 0.0
        self._stop = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> "Heartbeat":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def report(self, progress: float) -> None:
        """Note how far the work is (0..1); raises LeaseLost if it should stop."""
        self._progress = progress
        self.check()

    def check(self) -> None:
        """Raise LeaseLost if the work should stop."""
        if self._lost.is_set():
            raise LeaseLost

    def confirm(self) -> None:
        """Ask now whether the lease is held, before what cannot be taken back.

        The thread that asks now and then was frozen if this one was. Raises LeaseLost and Unavailable.
        """
        if not self._extend():
            self._lost.set()
        self.check()

    def unless_lost(self, call: Callable[[], Result]) -> Result:
        """What ``call`` gives; raises LeaseLost within seconds of the lease's end.

        The call runs in a thread of its own and cannot be ended from here: after the loss it is
        left alone, ends by its own limit, and its result is dropped. For calls that wait for
        another computer.
        """
        outcome: Future[Result] = Future()

        def run() -> None:
            try:
                outcome.set_result(call())
            except BaseException as error:  # noqa: BLE001 - carried to the caller's thread
                outcome.set_exception(error)

        # A daemon: a worker that must go does not wait for it.
        threading.Thread(target=run, name="abandonable", daemon=True).start()
        while not wait([outcome], timeout=WATCH_SECONDS).done:
            self.check()
        return outcome.result()

    def _beat(self) -> None:
        # Often enough to notice a cancelled session within seconds, and to survive three misses.
        interval = min(self._lease_seconds / 4, 3.0)
        while not self._stop.wait(interval):
            try:
                held = self._extend()
            except (Unavailable, DatabaseError):
                continue  # Postgres is away: the lease may still be ours when it is back
            if not held:
                self._lost.set()
                return

    def _extend(self) -> bool:
        with self._database.transaction(self._lease.practice_id) as db:
            return step_claims.extend(
                db, self._lease, lease_seconds=self._lease_seconds, progress=self._progress
            )

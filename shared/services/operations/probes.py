"""Questions to parts that may never answer: each is asked by one thread, and waited for a limited time."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")

# However often one asks, a part is asked once in this time.
FRESH_SECONDS = 1.0


class Probe(Generic[T]):
    """One question, safe to ask from many threads.

    A frozen server accepts connections and answers none of them, and no time limit of a connection ends that.
    So the thread that waits for it is one of its own, and there is never a second.
    """

    def __init__(self, ask: Callable[[], T]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._answer: Future[T] = Future()
        self._begun_at = -1.0

    def begin(self) -> None:
        """Ask, unless that is under way or was done a moment ago."""
        self._under_way()

    def result(self, within_seconds: float) -> T:
        """The answer, at most FRESH_SECONDS old.

        Raises TimeoutError if it takes longer, and what the question raised.
        """
        answer, begun_at = self._under_way()
        return answer.result(max(0.0, begun_at + within_seconds - time.monotonic()))

    def _under_way(self) -> tuple[Future[T], float]:
        with self._lock:
            is_old = time.monotonic() - self._begun_at >= FRESH_SECONDS
            if self._begun_at < 0 or (self._answer.done() and is_old):
                self._answer, self._begun_at = Future(), time.monotonic()
                threading.Thread(target=self._run, args=(self._answer,), name="probe", daemon=True).start()
            return self._answer, self._begun_at

    def _run(self, answer: Future[T]) -> None:
        try:
            answer.set_result(self._ask())
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            answer.set_exception(error)

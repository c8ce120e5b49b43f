"""Goes on asking while a server is away for a moment."""

import time
from collections.abc import Callable
from typing import TypeVar

from cli.http.refusals import CallFailed

T = TypeVar("T")

PAUSE_SECONDS = 0.5


def _nothing() -> None:
    return


class Patience:
    """Repeats calls that may succeed later, until nothing has answered for ``seconds``.

    ``on_trouble`` is called after each failure, so that the owner of the server can react;
    ``pause`` waits so many seconds.
    """

    def __init__(
        self,
        seconds: float = 120.0,
        on_trouble: Callable[[], None] = _nothing,
        pause: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds = seconds
        self._on_trouble = on_trouble
        self.pause = pause
        self._clock = clock

    def __call__(self, call: Callable[[], T]) -> T:
        """What ``call`` gives; raises its CallFailed if that is permanent or lasts too long."""
        failing_since = None
        while True:
            try:
                return call()
            except CallFailed as failure:
                # Not since the call began: an upload may take an hour, and deserves another try.
                failing_since = self._clock() if failing_since is None else failing_since
                if not failure.transient or self._clock() - failing_since > self._seconds:
                    raise
                self._on_trouble()
                wait = failure.retry_after_seconds or PAUSE_SECONDS
                self.pause(min(wait, 5.0))

"""A line of the log that a crowd of clients would write hundreds of times."""

import threading
import time
from typing import Any

import structlog

log = structlog.get_logger(__name__)

SECONDS_APART = 10.0
_all: "list[Recurring]" = []  # made once each, by modules


class Recurring:
    """A warning at most every ten seconds: ``count`` says for how many it stands.

    The first is told at once; ``tell_all``, called now and then, tells what came since.
    """

    def __init__(self, event: str, **fields: Any) -> None:
        self._event, self._fields = event, fields
        self._count = 0
        self._next_at = 0.0
        self._lock = threading.Lock()
        _all.append(self)

    def note(self) -> None:
        """It has happened once more."""
        with self._lock:
            self._count += 1
        self.tell()

    def tell(self, *, now: bool = False) -> None:
        """Write the line if there is anything to tell, and it is time (or ``now``, before the end)."""
        with self._lock:
            count, at = self._count, time.monotonic()
            if not count or (at < self._next_at and not now):
                return
            self._count, self._next_at = 0, at + SECONDS_APART
        log.warning(self._event, count=count, **self._fields)


def tell_all(*, now: bool = False) -> None:
    """What has not been told yet, of every such warning."""
    for warning in _all:
        warning.tell(now=now)

"""``Prefer: wait=N`` (RFC 7240): hold an answer until there is news."""

import re
import threading
import time
from collections.abc import Callable

from flask import request

from api.server import shutdown

MAX_WAIT_SECONDS = 60
_POLL_SECONDS = 0.5
_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,6})", re.IGNORECASE)
# Each wait holds a thread of the server; beyond this many, answers are given at once, as the
# RFC allows, so that callers who wait never keep out those who do not.
_places = threading.BoundedSemaphore(8)


def seconds_preferred() -> int:
    """How long the caller would have us wait: 0 to 60 seconds."""
    match = _WAIT.search(",".join(request.headers.getlist("Prefer")))
    return min(int(match.group(1)), MAX_WAIT_SECONDS) if match else 0


def wait_until(has_happened: Callable[[], bool], seconds: float, recheck: Callable[[], None]) -> bool | None:
    """Whether it has happened within ``seconds``; holds no transaction meanwhile.

    ``recheck`` raises NotAuthenticated once the caller may no longer wait.
    None if it has not and too many others wait, or the server stops: the preference is not honoured.
    """
    if has_happened():
        return True
    if not _places.acquire(blocking=False):
        return None
    try:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            ends = shutdown.pause(min(_POLL_SECONDS, left))
            recheck()
            if has_happened():
                return True
            if ends:
                return None
        return False
    finally:
        _places.release()

"""How an API process ends: long polls and event streams return, other requests get a grace period."""

import threading

_REFUSE_SECONDS = 2.0  # as long as gunicorn keeps connections for a request that may be on its way
# What is left to put away what was begun, answer, and close: then the server is killed.
_PUTTING_AWAY_SECONDS = 5.0
LINGERING_SECONDS = 0.5  # for a client to read the last answer
_begun = threading.Event()


class Ending:
    """When what ends, on the clock of ``began_at``; all is over ``graceful_seconds`` after that.

    At ``refuse_at`` requests that are not there yet are refused; at ``give_up_at`` no client is waited
    for any more, neither to send the rest of its upload nor to take its answer.
    """

    def __init__(self, began_at: float, graceful_seconds: float) -> None:
        self.give_up_at = began_at + max(graceful_seconds - _PUTTING_AWAY_SECONDS, graceful_seconds / 2)
        self.refuse_at = min(began_at + _REFUSE_SECONDS, self.give_up_at)


def begin() -> None:
    """Called by the server once it has been told to stop."""
    _begun.set()


def has_begun() -> bool:
    """Whether it has."""
    return _begun.is_set()


def pause(seconds: float) -> bool:
    """Wait so long; True, at once, when the process is about to end."""
    return _begun.wait(seconds)

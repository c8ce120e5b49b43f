"""Waiting for a condition instead of for a time."""

import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def wait_for(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Return once ``condition()`` is true; fail after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            import pytest  # a tenth of the start of each process of a fault test, which waits for nothing

            pytest.fail(f"did not happen within {seconds} s")
        time.sleep(0.05)


def is_answering(port: int, host: str = "127.0.0.1") -> bool:
    """Whether something accepts connections on ``port`` of the address."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((host, port)) == 0


@contextmanager
def ending_within(seconds: float) -> Iterator[None]:
    """Fail what takes longer, wherever it hangs; in the main thread."""

    def end(*_: object) -> None:
        import pytest

        pytest.fail(f"did not end within {seconds} s")

    before = signal.signal(signal.SIGALRM, end)
    left, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, left)
        signal.signal(signal.SIGALRM, before)

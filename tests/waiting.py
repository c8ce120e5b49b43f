"""Waiting for a condition instead of for a time."""

import time
from collections.abc import Callable


def wait_for(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Return once ``condition()`` is true; fail after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            import pytest  # a tenth of the start of each process of a fault test, which waits for nothing

            pytest.fail(f"did not happen within {seconds} s")
        time.sleep(0.05)

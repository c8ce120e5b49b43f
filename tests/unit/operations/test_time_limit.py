"""A test that hangs is ended, and the run goes on."""

import signal
import threading

import pytest

from tests.waiting import ending_within


def test_what_hangs_fails_and_what_ends_in_time_does_not() -> None:
    with ending_within(60):
        with pytest.raises(pytest.fail.Exception, match="did not end within"), ending_within(0.01):
            threading.Event().wait()
        # The limit around it holds again.
        left, _ = signal.getitimer(signal.ITIMER_REAL)
        assert 0 < left <= 60


def test_every_test_has_a_limit() -> None:
    left, _ = signal.getitimer(signal.ITIMER_REAL)
    assert left > 0

"""Going on while a server is away."""

import pytest

from cli.http.refusals import CallFailed
from cli.http.retrying import Patience


class Clock:
    """Time that passes only by waiting."""

    def __init__(self) -> None:
        self.now = 0.0

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def __call__(self) -> float:
        return self.now


def failing(*failures: CallFailed):
    """A call that fails so, and then gives an answer."""
    left = list(failures)

    def call() -> str:
        if left:
            raise left.pop(0)
        return "answer"

    return call


def test_a_server_that_comes_back_is_asked_again_and_its_owner_told_each_time() -> None:
    clock, troubles = Clock(), []
    patience = Patience(120, lambda: troubles.append(clock.now), clock.wait, clock)
    assert patience(failing(CallFailed("away"), CallFailed("ill", status=503))) == "answer"
    assert len(troubles) == 2


def test_a_refusal_is_not_repeated() -> None:
    with pytest.raises(CallFailed):
        Patience(pause=Clock().wait)(failing(CallFailed("no", status=404)))


def test_patience_ends() -> None:
    clock = Clock()
    with pytest.raises(CallFailed):
        Patience(10, pause=clock.wait, clock=clock)(failing(*[CallFailed("away")] * 1000))
    assert 10 <= clock.now < 20


def test_the_pause_that_the_server_asks_for_is_kept() -> None:
    clock = Clock()
    Patience(pause=clock.wait, clock=clock)(failing(CallFailed("x", status=503, retry_after_seconds=4)))
    assert clock.now == 4


def test_a_call_that_took_long_before_it_failed_is_made_again() -> None:
    clock = Clock()
    calls = []

    def call() -> str:
        calls.append(clock.now)
        clock.now += 3600
        if len(calls) == 1:
            raise CallFailed("the answer was lost")
        return "answer"

    assert Patience(10, pause=clock.wait, clock=clock)(call) == "answer"

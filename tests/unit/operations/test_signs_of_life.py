"""A child is not forked in the middle of a sign, whose locks it would inherit for ever."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.services.operations import liveness
from shared.services.operations.liveness import SignsOfLife
from tests.waiting import wait_for

NOBODY_ANSWERS = "postgresql://nobody@127.0.0.1:9/none"


class Sign:
    """A sign that is being given until it is let go."""

    def __init__(self) -> None:
        self.begun, self.let_go, self.count = threading.Event(), threading.Event(), 0

    def goes_on(self) -> bool:
        self.count += 1
        self.begun.set()
        self.let_go.wait(60)
        return False  # there is no Postgres to tell


@pytest.fixture
def sign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sign]:
    monkeypatch.setattr(liveness.heartbeats, "EVERY_SECONDS", 0.01)
    sign = Sign()
    signs = SignsOfLife(NOBODY_ANSWERS, "worker", "worker", sign.goes_on, tmp_path / "sign")
    signs.begin()
    assert sign.begun.wait(10)
    yield sign
    sign.let_go.set()
    signs.end()


def fork() -> int:
    """How a child ended that does nothing."""
    child = os.fork()
    if child == 0:
        os._exit(0)
    return os.waitpid(child, 0)[1]


def test_a_child_is_forked_once_the_sign_is_given(sign: Sign) -> None:
    forked: list[int] = []
    forking = threading.Thread(target=lambda: forked.append(fork()))
    forking.start()
    forking.join(0.3)
    assert forking.is_alive()
    assert not forked
    sign.let_go.set()
    wait_for(lambda: forked == [0])


def test_a_sign_that_hangs_does_not_keep_a_worker_without_a_child(
    sign: Sign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(liveness, "FORK_WAITS_SECONDS", 0.01)
    assert fork() == 0
    sign.let_go.set()
    wait_for(lambda: sign.count > 1)  # and the signs go on: nobody let go of their lock


def test_a_handler_that_raises_while_a_fork_waits_does_not_let_go_of_the_signs_lock(
    sign: Sign, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def acquire(self, timeout: float) -> bool:
            raise SystemExit

        def release(self) -> None:
            pytest.fail("was not held")

    with monkeypatch.context() as broken:
        broken.setattr(liveness, "_no_fork", Broken())
        with pytest.raises(SystemExit):
            liveness._before_fork()
        liveness._after_fork()

"""A child is never forked in the middle of a sign, whose locks it would inherit for ever."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.services.life import SignsOfLife
from tests.waiting import wait_for

NOBODY_ANSWERS = "postgresql://nobody@127.0.0.1:9/none"


class Sign:
    """A sign that is being given until it is let go."""

    def __init__(self) -> None:
        self.begun, self.let_go = threading.Event(), threading.Event()

    def goes_on(self) -> bool:
        self.begun.set()
        return not self.let_go.wait(60)  # False: there is no Postgres to tell


@pytest.fixture
def sign(tmp_path: Path) -> Iterator[Sign]:
    sign = Sign()
    signs = SignsOfLife(NOBODY_ANSWERS, "worker", "worker", sign.goes_on, tmp_path / "sign")
    signs.begin()
    assert sign.begun.wait(10)
    yield sign
    sign.let_go.set()
    signs.end()


def test_a_child_is_forked_once_the_sign_is_given(sign: Sign) -> None:
    forked: list[int] = []

    def fork() -> None:
        child = os.fork()
        if child == 0:
            os._exit(0)
        forked.append(os.waitpid(child, 0)[1])

    forking = threading.Thread(target=fork)
    forking.start()
    forking.join(0.3)
    assert forking.is_alive()
    assert not forked
    sign.let_go.set()
    wait_for(lambda: forked == [0])

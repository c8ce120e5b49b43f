"""What the processes of a test's machine do at a named place: looked up in a folder each time.

A test writes an order (``Orders.arm``); the first process that reaches the place takes it, by a
rename, and obeys. An order is obeyed once; several may lie at one place.
"""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from shared.domain import failpoints
from tests.waiting import wait_for

HELD_AT_MOST_SECONDS = 120.0


class Orders:
    """The folder of orders: written by tests, obeyed by processes."""

    def __init__(self, folder: Path) -> None:
        self._given = folder / "given"
        self._taken = folder / "taken"

    def prepare(self) -> None:
        self._given.mkdir(parents=True)
        self._taken.mkdir()

    def arm(self, place: str, action: str, times: int = 1) -> None:
        """Have the next ``times`` processes at ``place`` (its details may be left out) do ``action``."""
        for _ in range(times):
            ticket = self._given / f"{place}@{action}@{uuid4().hex}"
            ticket.touch()

    def disarm(self) -> None:
        """Withdraw what nobody has taken, and let go whoever is held."""
        for ticket in [*self._given.iterdir(), *self._taken.iterdir()]:
            ticket.unlink(missing_ok=True)

    def taken(self, place: str) -> list[int]:
        """The processes that have taken an order at ``place``, in no order."""
        return [int(name.rsplit("@", 1)[1]) for name in _names(self._taken) if _place(name) == place]

    def wait_until_taken(self, place: str, count: int = 1, seconds: float = 90) -> list[int]:
        """The processes that have, once there are ``count``."""
        wait_for(lambda: len(self.taken(place)) >= count, seconds)
        return self.taken(place)

    def release(self, place: str) -> None:
        """Let go whoever is held at ``place``."""
        for name in _names(self._taken):
            if _place(name) == place:
                (self._taken / name).unlink()

    def obey(self, here: str) -> None:
        """Take an order for this place, if there is one, and do it."""
        for name in _names(self._given):
            place = _place(name)
            if here == place or here.startswith(f"{place}."):
                taken = self._taken / f"{name}@{os.getpid()}"
                try:
                    (self._given / name).rename(taken)
                except FileNotFoundError:
                    continue  # another process was faster
                ACTIONS[name.split("@")[1]](taken)
                return


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def _place(name: str) -> str:
    return name.split("@", 1)[0]


class Armed(Exception):
    """An error that a test asked for; its words are a secret that no log may tell."""


def _kill_all() -> None:
    """The worker, or whatever this is, as a whole: parent and child at once.

    By its group, which the keeper makes for it: the parent of a process without children is the test.
    """
    os.killpg(os.getpgrp(), signal.SIGKILL)


def _hold(taken: Path) -> None:
    """Wait until a test lets go; this thread only, so that a heartbeat goes on."""
    over_at = time.monotonic() + HELD_AT_MOST_SECONDS
    while taken.exists() and time.monotonic() < over_at:
        time.sleep(0.01)


def _raise(_: Path) -> None:
    raise Armed(f"{os.environ['FAULTS_MARKER']} was said in a session")


ACTIONS: dict[str, Callable[[Path], None]] = {
    "kill": lambda _: os.kill(os.getpid(), signal.SIGKILL),
    "kill worker": lambda _: _kill_all(),
    "exit": lambda _: os._exit(9),
    "stop": lambda _: os.kill(os.getpid(), signal.SIGSTOP),
    "hold": _hold,
    "raise": _raise,
}


def install() -> None:
    """Have this process obey the orders of the machine that started it."""
    failpoints.watch(Orders(Path(os.environ["FAULTS_FOLDER"])).obey)

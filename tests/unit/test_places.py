"""Threads that wait for their client step aside, and do not wait for ever."""

import socket
import threading
from collections.abc import Iterator

import pytest

from api import places
from api.bodies import TooSlow
from api.places import ClientSocket, Places
from tests.waiting import wait_for


class Pair:
    """A server's end of a connection, and the client's."""

    def __init__(self, held: Places) -> None:
        near, self.client = socket.socketpair()
        self.server = ClientSocket(fileno=near.detach())
        self.server.setblocking(True)
        self.server.places = held
        self.server.begin()

    def close(self) -> None:
        self.server.close()
        self.client.close()


@pytest.fixture
def held() -> Places:
    """A single place, and room for two aside; one request has the place."""
    held = Places(1, lambda: None, max_aside=2)
    assert held.take()
    return held


@pytest.fixture
def pairs(held: Places) -> Iterator[list[Pair]]:
    pairs = [Pair(held) for _ in range(3)]
    yield pairs
    for pair in pairs:
        pair.close()


def in_thread(call: object) -> threading.Thread:
    thread = threading.Thread(target=call)  # type: ignore[arg-type]
    thread.start()
    return thread


def test_a_client_that_sends_keeps_its_place(held: Places, pairs: list[Pair]) -> None:
    pairs[0].client.sendall(b"a" * 1000)
    buffer = bytearray(2000)
    assert pairs[0].server.recv_into(buffer) == 1000
    assert not held.take()


def test_while_a_client_is_waited_for_another_request_is_let_in(held: Places, pairs: list[Pair]) -> None:
    received: list[bytes] = []
    thread = in_thread(lambda: received.append(pairs[0].server.recv(10)))
    wait_for(held.take, 10)
    pairs[0].client.sendall(b"late")
    thread.join()
    assert received == [b"late"]
    held.leave(pairs[0].server)  # it was aside: this frees no place
    assert not held.take()


def test_a_client_that_takes_nothing_gives_its_place_away_too(held: Places, pairs: list[Pair]) -> None:
    thread = in_thread(lambda: pairs[0].server.sendall(bytes(10_000_000)))
    wait_for(held.take, 10)
    left = 10_000_000
    while left:
        left -= len(pairs[0].client.recv(1_000_000))
    thread.join()


def test_a_client_below_the_least_pace_is_told_so(monkeypatch: pytest.MonkeyPatch, pairs: list[Pair]) -> None:
    monkeypatch.setattr(places, "WINDOW_SECONDS", 0.1)
    for pair in pairs[:2]:
        pair.server.begin()
    with pytest.raises(TooSlow):
        pairs[0].server.recv(10)
    with pytest.raises(BrokenPipeError):
        pairs[1].server.sendall(bytes(10_000_000))


def test_what_the_server_takes_its_time_for_is_not_the_clients(
    monkeypatch: pytest.MonkeyPatch, pairs: list[Pair]
) -> None:
    monkeypatch.setattr(places, "WINDOW_SECONDS", 0.5)
    clock = [0.0]
    monkeypatch.setattr(places.time, "monotonic", lambda: clock[0])
    pair = pairs[0]
    pair.server.begin()
    for _ in range(20):
        clock[0] += 10.0  # the server wrote to its disk
        sending = threading.Timer(0.01, pair.client.sendall, (b"a",))
        sending.start()
        assert pair.server.recv(10) == b"a"
        sending.join()


def test_of_too_many_aside_the_slowest_goes(
    monkeypatch: pytest.MonkeyPatch, held: Places, pairs: list[Pair]
) -> None:
    monkeypatch.setattr(places, "_UNKNOWN_SECONDS", 0.0)
    quick, slow, third = pairs
    for pair in (quick, slow):
        held.step_aside(pair.server)
    quick.client.sendall(b"a" * 100_000)
    got = 0
    while got < 100_000:
        got += quick.server.recv_into(bytearray(100_000))
    slow.client.sendall(b"a")
    assert slow.server.recv(10) == b"a"
    held.step_aside(third.server)
    assert slow.server.recv(10) == b""  # its connection is gone
    quick.client.sendall(b"still here")
    assert quick.server.recv(100) == b"still here"

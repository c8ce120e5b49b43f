"""Threads that wait for their client step aside, and do not wait for ever."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from api.server import slots
from api.server.bodies import TooSlow
from api.server.slots import ClientSocket, Places
from shared.domain.errors import Stopping
from tests.waiting import wait_for


class Whole(socket.socket):
    """The client of a request that is there as a whole; never opened."""

    def __init__(self) -> None:
        """No socket is made."""


WHOLE = Whole()


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
    assert held.take(WHOLE)
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
    assert not held.take(WHOLE)


def test_while_a_client_is_waited_for_another_request_is_let_in(held: Places, pairs: list[Pair]) -> None:
    received: list[bytes] = []
    thread = in_thread(lambda: received.append(pairs[0].server.recv(10)))
    wait_for(lambda: held.take(WHOLE), 10)
    pairs[0].client.sendall(b"late")
    thread.join()
    assert received == [b"late"]
    held.leave(pairs[0].server)  # it was aside: this frees no place
    assert not held.take(WHOLE)


def test_a_client_that_takes_nothing_gives_its_place_away_too(held: Places, pairs: list[Pair]) -> None:
    thread = in_thread(lambda: pairs[0].server.sendall(bytes(10_000_000)))
    wait_for(lambda: held.take(WHOLE), 10)
    left = 10_000_000
    while left:
        left -= len(pairs[0].client.recv(1_000_000))
    thread.join()


def test_a_client_below_the_least_pace_is_told_so(monkeypatch: pytest.MonkeyPatch, pairs: list[Pair]) -> None:
    monkeypatch.setattr(slots, "WINDOW_SECONDS", 0.1)
    for pair in pairs[:2]:
        pair.server.begin()
    with pytest.raises(TooSlow):
        pairs[0].server.recv(10)
    with pytest.raises(BrokenPipeError):
        pairs[1].server.sendall(bytes(10_000_000))


def test_what_the_server_takes_its_time_for_is_not_the_clients(
    monkeypatch: pytest.MonkeyPatch, pairs: list[Pair]
) -> None:
    monkeypatch.setattr(slots, "WINDOW_SECONDS", 0.5)
    clock = [0.0]
    monkeypatch.setattr(slots.time, "monotonic", lambda: clock[0])
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
    monkeypatch.setattr(slots, "_UNKNOWN_SECONDS", 0.0)
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


@pytest.fixture
def coming() -> Iterator[list[ClientSocket]]:
    """Clients of whose requests there is more to come."""
    clients = [ClientSocket() for _ in range(6)]
    for client in clients:
        client.begin(coming=True)
    yield clients
    for client in clients:
        client.close()


def test_requests_that_are_still_coming_leave_half_of_the_places_to_others(
    coming: list[ClientSocket],
) -> None:
    held = Places(4, lambda: None)
    first, second, third = coming[:3]
    assert held.take(first)
    assert held.take(second)
    assert not held.take(third)
    assert held.take(WHOLE)
    held.leave(first)
    assert held.take(third)


def test_while_all_places_aside_are_taken_uploads_are_let_in_one_by_one(
    monkeypatch: pytest.MonkeyPatch, coming: list[ClientSocket]
) -> None:
    clock, clients = [100.0], coming
    monkeypatch.setattr(slots.time, "monotonic", lambda: clock[0])
    held = Places(8, lambda: None, max_aside=2)
    for client in clients[:2]:
        assert held.take(client)
        held.step_aside(client)
    assert held.take(clients[2])
    assert not held.take(clients[3])
    assert held.take(WHOLE)
    clock[0] += 10
    assert held.take(clients[3])
    held.leave(clients[0])
    held.leave(clients[1])
    for client in clients[2:4]:
        held.leave(client)
    assert all(held.take(client) for client in clients[4:])


def test_nobody_is_dropped_twice(held: Places, pairs: list[Pair], coming: list[ClientSocket]) -> None:
    for pair in pairs:
        held.step_aside(pair.server)
    held.step_aside(coming[0])
    assert sum(pair.server.dropped for pair in pairs) == 2


def test_a_client_that_makes_itself_waited_for_again_and_again_loses_its_place(
    held: Places, pairs: list[Pair]
) -> None:
    pair, stop = pairs[0], threading.Event()

    def trickle() -> None:
        while not stop.wait(0.01):
            pair.client.sendall(b"a")

    def read() -> None:
        while pair.server.recv(10):
            pass

    threads = [in_thread(trickle), in_thread(read)]
    wait_for(lambda: held.take(WHOLE), 10)
    stop.set()
    threads[0].join()
    pair.client.shutdown(socket.SHUT_WR)
    threads[1].join()


def test_when_all_must_end_no_client_is_waited_for(held: Places, pairs: list[Pair]) -> None:
    ended: list[type[BaseException]] = []

    def until_told(call: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            with pytest.raises((Stopping, BrokenPipeError)) as caught:
                call()
            ended.append(caught.type)

        return run

    threads = [
        in_thread(until_told(lambda: pairs[0].server.recv(10))),
        in_thread(until_told(lambda: pairs[1].server.sendall(bytes(10_000_000)))),
    ]
    wait_for(lambda: held.take(WHOLE), 10)
    held.ending = True
    for thread in threads:
        thread.join(10)
    assert set(ended) == {Stopping, BrokenPipeError}
    pairs[2].client.sendall(b"a")
    with pytest.raises(Stopping):  # not even what is there: a quick client could go on for hours
        pairs[2].server.recv_into(bytearray(10))


@pytest.mark.parametrize(("sent", "missing", "cut_short"), [(10, 11, True), (10, 10, False), (0, 1, True)])
def test_who_hung_up_before_all_was_sent_is_known(
    pairs: list[Pair], sent: int, missing: int, cut_short: bool
) -> None:
    server, client = pairs[0].server, pairs[0].client
    client.sendall(b"a" * sent)
    assert not server.is_cut_short(missing)
    client.close()
    assert server.is_cut_short(missing) is cut_short

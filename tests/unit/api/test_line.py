"""Requests that wait for a place: who hung up in the meantime is not begun with."""

import socket
from collections.abc import Iterator

import pytest

from api.server.admission_queue import Line
from api.server.request_buffer import Arrival
from api.server.slots import ClientSocket, Places

LARGE = b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + bytes(20_000)
SMALL = b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n"


class Connection:
    """A connection whose request is there as far as a place is given for."""

    def __init__(self, received: bytes) -> None:
        near, self.client = socket.socketpair()
        self.sock = ClientSocket(fileno=near.detach())
        self.arrival = Arrival()
        self.arrival.add(received)
        self.sock.begin(coming=not self.arrival.is_whole)


@pytest.fixture
def made() -> Iterator[list[Connection]]:
    made = [Connection(received) for received in (LARGE, LARGE, LARGE, SMALL, LARGE)]
    yield made
    for connection in made:
        connection.sock.close()
        connection.client.close()


def test_an_upload_whose_client_hung_up_in_the_line_is_not_begun(made: list[Connection]) -> None:
    begun: list[Connection] = []
    given_up: list[Connection] = []
    places = Places(2, lambda: None)  # one of them for uploads
    line = Line(places, begun.append, given_up.append)
    first, gone_in_front, patient, small, gone_behind = made
    for connection in (first, gone_in_front, patient):
        line.add(connection)
    assert begun == [first]
    gone_in_front.client.close()
    places.leave(first.sock)
    line.let_in()
    assert begun == [first, patient]
    assert given_up == [gone_in_front]
    line.add(gone_behind)
    assert given_up == [gone_in_front]
    gone_behind.client.close()
    line.look()
    assert given_up == [gone_in_front, gone_behind]
    small.client.close()
    line.add(small)  # it was sent whole: that its client did not wait is no reason not to do it
    assert begun == [first, patient, small]


def test_who_sent_all_and_hung_up_is_served(made: list[Connection]) -> None:
    begun: list[Connection] = []
    connection = made[0]
    connection.client.setblocking(False)
    rest = connection.arrival.missing_bytes
    connection.arrival.add(bytes(rest - 1000))  # as the loop had read them
    connection.client.sendall(bytes(1000))
    connection.client.close()
    Line(Places(2, lambda: None), begun.append, lambda _: None).add(connection)
    assert begun == [connection]

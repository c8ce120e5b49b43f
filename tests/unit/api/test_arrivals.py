"""Which connections get a thread: those whose request is there, or can be refused at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.server import request_buffer
from api.server.request_buffer import Arrival, State

SMALL = b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"


@given(st.lists(st.integers(1, len(SMALL) - 1)).map(sorted))
def test_a_small_request_is_ready_with_its_last_byte_however_it_is_cut(cuts: list[int]) -> None:
    arrival = Arrival()
    pieces = [SMALL[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(SMALL)], strict=True)]
    states = [arrival.add(piece) for piece in pieces]
    assert set(states[:-1]) <= {State.ARRIVING}
    assert states[-1] is State.READY
    assert arrival.received == SMALL


@pytest.mark.parametrize(
    "request_line",
    [b"GET / HTTP/1.1\r\n", b"\r\nGET / HTTP/1.1\r\n", b"OPTIONS * HTTP/1.0\r\n", b"get /?a=b HTTP/1.1\r\n"],
)
def test_headers_are_waited_for(request_line: bytes) -> None:
    arrival = Arrival()
    assert arrival.add(request_line + b"Host: x\r\n") is State.ARRIVING
    assert arrival.add(b"\r\n") is State.READY


@pytest.mark.parametrize(
    "head",
    [
        b"Transfer-Encoding: chunked\r\n",
        b"Content-Length: 10\r\nExpect: 100-continue\r\n",
        b"Content-Length: 99999999\r\nexpect: 100-continue\r\n",
        b"",
    ],
)
def test_what_may_be_refused_unread_or_has_no_body_is_ready_with_its_headers(head: bytes) -> None:
    assert Arrival().add(b"POST /x HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n") is State.READY


@pytest.mark.parametrize(
    "odd",
    [b"\x16\x03\x01\x02\x00\n", b"hello\r\n", b"GET / HTTP/1.1\nHost: x\n", b"GET  / HTTP/1.1\r\n"],
)
def test_what_is_no_request_is_refused_without_waiting_for_more(odd: bytes) -> None:
    assert Arrival().add(odd) is State.READY


@pytest.mark.parametrize("length", [65_537, 99_999_999])
def test_of_a_large_body_the_beginning_is_waited_for(length: int) -> None:
    arrival = Arrival()
    head = f"POST /x HTTP/1.1\r\nHost: x\r\ncontent-length:{length}\r\n\r\n".encode()
    assert arrival.add(head) is State.ARRIVING
    assert arrival.add(bytes(request_buffer.BEGUN_BYTES - 1)) is State.ARRIVING
    assert arrival.add(b"a") is State.READY
    assert not arrival.is_whole


def test_what_declares_more_than_anybody_takes_is_not_waited_for() -> None:
    arrival = Arrival(most_bytes=1_000_000)
    assert arrival.add(b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1000001\r\n\r\n") is State.READY
    assert arrival.is_whole


@pytest.mark.parametrize(
    ("head", "whole"),
    [
        (b"", True),
        (b"Content-Length: 0\r\n", True),
        (b"Transfer-Encoding: chunked\r\n", False),
        (b"Content-Length: 10\r\nExpect: 100-continue\r\n", False),
    ],
)
def test_a_request_says_whether_more_of_it_is_to_come(head: bytes, whole: bool) -> None:
    arrival = Arrival()
    assert arrival.add(b"POST /x HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n") is State.READY
    assert arrival.is_whole == whole


def test_headers_without_end_are_refused() -> None:
    arrival = Arrival()
    arrival.add(b"GET / HTTP/1.1\r\nA: ")
    assert arrival.add(b"a" * request_buffer.MAX_HEAD_BYTES) is State.HEAD_TOO_LONG


@pytest.mark.parametrize("whole", [SMALL, b"\r\n" + SMALL])
def test_a_request_that_comes_byte_by_byte_is_ready_with_its_last(whole: bytes) -> None:
    arrival = Arrival()
    states = [arrival.add(whole[at : at + 1]) for at in range(len(whole))]
    assert states == [State.ARRIVING] * (len(whole) - 1) + [State.READY]


@pytest.mark.parametrize("odd", [b"hello\r\n", b"GET / HTTP/1.1\r\nHost: x\n", b"\r\nGET /\r\n"])
def test_what_is_no_request_is_noticed_byte_by_byte_too(odd: bytes) -> None:
    arrival = Arrival()
    states = [arrival.add(odd[at : at + 1]) for at in range(len(odd))]
    assert states == [State.ARRIVING] * (len(odd) - 1) + [State.READY]


def test_of_a_head_that_comes_byte_by_byte_no_byte_is_looked_at_often() -> None:
    """A pattern's search is told where to begin: what it has seen before is not seen again."""
    arrival, begins = Arrival(), []

    class Watched:
        def search(self, text: bytearray, begin: int) -> None:
            begins.append(len(text) - begin)

    arrival.add(b"GET / HTTP/1.1\r\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(request_buffer, "_BROKEN_LINE", Watched())
        for _ in range(1000):
            arrival.add(b"a")
    assert len(begins) == 1000
    assert max(begins) <= 5


@pytest.mark.parametrize(
    ("head", "body", "missing"),
    [
        (b"Content-Length: 10\r\n", b"hello", 5),
        (b"Content-Length: 10\r\n", b"helloworld", 0),
        (b"Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n", 1),
        (b"Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n0\r\n\r\n", 0),
        (b"", b"", 0),
    ],
)
def test_what_is_missing_of_a_request_is_known(head: bytes, body: bytes, missing: int) -> None:
    arrival = Arrival()
    arrival.add(b"POST /x HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n" + body)
    assert arrival.missing_bytes == missing

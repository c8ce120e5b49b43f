"""A server that is told to stop in the middle of slow uploads and streams: it ends by itself, and in time."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from shared.services.accounts import accounts
from shared.services.resources import Resources
from tests.integration.api_client import app_of, caller_of, left_behind, tone
from tests.integration.resumable import TUS, ask, begun
from tests.integration.server import Server, running_server
from tests.servers import Office
from tests.waiting import wait_for

# Half of it is what clients have for the rest of their uploads.
GRACE = {"GUNICORN_CMD_ARGS": "--graceful-timeout 8"}
PART = 100_000

Connect = Callable[[str, bytes], socket.socket]


@pytest.fixture
def server(environment: dict[str, str], tmp_path: Path) -> Iterator[Server]:
    with running_server({**environment, **GRACE}, tmp_path / "api.log", threads=2) as server:
        yield server


@pytest.fixture
def connect(server: Server, resources: Resources, office: Office) -> Iterator[Connect]:
    caller = office.caller
    key = accounts.create_key(resources, caller.practice_id, caller.therapist_id)[1]
    with ExitStack() as stack:

        def open_one(request_line: str, rest: bytes) -> socket.socket:
            made = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=60))
            head = f"{request_line} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
            made.sendall(head.encode() + rest)
            return made

        yield open_one


def answered(connection: socket.socket) -> bytes:
    """All that the server says until it hangs up."""
    found = bytearray()
    with suppress(ConnectionResetError):
        while data := connection.recv(65_536):
            found += data
    return bytes(found)


def test_a_stop_leaves_nothing_of_uploads_and_keeps_what_came_of_resumable_ones(
    server: Server, connect: Connect, resources: Resources, office: Office
) -> None:
    call = caller_of(app_of(resources), resources, office)
    address = begun(call, len(tone(30)), office.patient_id)
    tus = "".join(f"{name}: {value}\r\n" for name, value in TUS.items()).encode()
    resumable = connect(
        f"PATCH {address}",
        tus + b"Upload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\n"
        b"Content-Length: 500000\r\n\r\n" + tone(30)[:PART],
    )
    announced = len(left_behind(resources))
    form = connect(
        f"POST /api/sessions/upload?patient_id={office.patient_id}",
        b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 1000000\r\n\r\n--x\r\n"
        + b"a: b\r\n" * 3000,
    )
    half = connect("POST /api/patients", b"Content-Length: 100\r\n\r\n{")
    wait_for(lambda: len(left_behind(resources)) > announced + 1, 30)

    server.process.terminate()
    server.process.join(timeout=60)
    assert server.process.exitcode == 0

    for connection in (resumable, form, half):
        head, _, body = answered(connection).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 503 "), head
        assert b"retry-after: 1" in head.lower()
        assert json.loads(body)["code"] == "stopping"
    # Had the server been killed, both would lie there until the dispatcher's sweep.
    assert ask(call, address).headers["Upload-Offset"] == str(PART)
    assert call("DELETE", address, headers=TUS).status_code == 204
    assert left_behind(resources) == []


def test_who_waits_for_news_is_answered_when_the_server_stops(
    server: Server, connect: Connect, resources: Resources, office: Office
) -> None:
    session_id = caller_of(app_of(resources), resources, office).upload(office.patient_id).json["id"]
    waiting = connect(f"GET /api/sessions/{session_id}", b"Prefer: wait=60\r\n\r\n")
    stream = connect(f"GET /api/sessions/{session_id}/events", b"\r\n")
    assert stream.recv(20).startswith(b"HTTP/1.1 200")
    server.process.terminate()
    assert answered(waiting).startswith(b"HTTP/1.1 200 ")
    assert b"\r\n0\r\n\r\n" in answered(stream)  # the stream's proper end
    server.process.join(timeout=60)
    assert server.process.exitcode == 0

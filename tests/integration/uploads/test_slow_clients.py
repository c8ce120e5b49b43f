"""Slow clients do not keep a server from others: without a proxy, with two threads."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pytest

from shared.services.accounts import accounts
from shared.services.resources import Resources
from tests.integration.api_client import left_behind, tone
from tests.integration.server import running_api
from tests.servers import Office
from tests.waiting import wait_for

MANY = 30
THREADS = 2


@pytest.fixture
def url(environment: dict[str, str], tmp_path: Path) -> Iterator[str]:
    with running_api(environment, tmp_path / "api.log", threads=THREADS) as url:
        yield url


@pytest.fixture
def key(resources: Resources, office: Office) -> str:
    return accounts.create_key(resources, office.caller.practice_id, office.caller.therapist_id)[1]


def connections(stack: ExitStack, url: str, sent: bytes) -> list[socket.socket]:
    address = httpx2.URL(url)
    found = []
    for _ in range(MANY):
        found.append(stack.enter_context(socket.create_connection((address.host, address.port), timeout=30)))
        found[-1].sendall(sent)
    return found


def who_am_i(url: str, key: str) -> int:
    headers = {"Authorization": f"Bearer {key}"}
    return httpx2.get(f"{url}/api/whoami", headers=headers, timeout=20, trust_env=False).status_code


UPLOAD = (
    "POST /api/sessions/upload?patient_id={patient} HTTP/1.1\r\nHost: x\r\n"
    "Authorization: Bearer {key}\r\nContent-Type: multipart/form-data; boundary=x\r\n"
)
STARTS = {
    "nothing": "",
    "half a request line": "GET /api/who",
    "headers without end": "GET /api/whoami HTTP/1.1\r\nHost: x\r\nA: b\r\n",
    "a body that does not come": (
        "POST /api/patients HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
        "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"
    ),
    "a large body that does not come": (UPLOAD + "Content-Length: 1000000\r\n\r\n--x\r\n"),
    "a large body that begins well": (UPLOAD + "Content-Length: 1000000\r\n\r\n--x\r\n" + "a: b\r\n" * 3000),
    "a body without a key": "POST /api/patients HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n{{",
    "chunks that do not come": (UPLOAD + "Transfer-Encoding: chunked\r\n\r\n1\r\n-"),
}


def test_honest_requests_are_served_while_many_slow_ones_are_open(url: str, key: str, office: Office) -> None:
    for start in STARTS.values():
        with ExitStack() as stack:
            sent = start.format(key=key, patient=office.patient_id).encode()
            slow = connections(stack, url, sent)
            for _ in range(3):
                assert who_am_i(url, key) == 200, start
                for connection in slow[:MANY]:
                    try_to_send(connection, b"x")


def try_to_send(connection: socket.socket, data: bytes) -> None:
    try:
        connection.sendall(data)
    except OSError:
        return  # it was answered, or given up, which is as well


def test_a_slow_upload_that_goes_on_is_accepted(url: str, key: str, office: Office) -> None:
    """Its thread stepped aside and nothing else is different."""
    address = httpx2.URL(url)
    content = tone(2)
    body = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n'
        b"Content-Type: audio/wav\r\n\r\n" + content + b"\r\n--x--\r\n"
    )
    head = (
        f"POST /api/sessions/upload?patient_id={office.patient_id} HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {key}\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode()
    with ExitStack() as stack:
        slow = [
            stack.enter_context(socket.create_connection((address.host, address.port), timeout=60))
            for _ in range(THREADS + 1)
        ]
        for connection in slow:
            connection.sendall(head + body[:30_000])
        assert who_am_i(url, key) == 200
        for connection in slow:
            connection.sendall(body[30_000:])
        assert all(connection.recv(20).startswith(b"HTTP/1.1 202") for connection in slow)


def test_readers_who_take_nothing_do_not_hold_the_threads(
    url: str, key: str, resources: Resources, office: Office
) -> None:
    answer = httpx2.post(
        f"{url}/api/sessions/upload?patient_id={office.patient_id}",
        headers={"Authorization": f"Bearer {key}"},
        files={"file": ("a.wav", tone(300), "audio/wav")},
        timeout=60,
        trust_env=False,
    )
    assert answer.status_code == 202, answer.text
    ask = f"GET {answer.json()['audio_url']} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n"
    with ExitStack() as stack:
        connections(stack, url, ask.encode())
        for _ in range(3):
            assert who_am_i(url, key) == 200


def test_a_dropped_slow_upload_leaves_nothing(
    url: str, key: str, resources: Resources, office: Office
) -> None:
    start = STARTS["a large body that begins well"].format(key=key, patient=office.patient_id)
    with ExitStack() as stack:
        connections(stack, url, start.encode())
        wait_for(lambda: left_behind(resources), 30)
    wait_for(lambda: not left_behind(resources), 30)

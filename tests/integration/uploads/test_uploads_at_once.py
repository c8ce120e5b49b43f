"""Many stalled uploads of one key: refused beyond a bound, and nobody else waits for them."""

import select
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pytest

from shared.services.accounts import accounts
from shared.services.resources import Resources
from tests.integration.api_client import tone
from tests.integration.server import running_api
from tests.servers import Office, make_office
from tests.waiting import wait_for

STALLED, AT_ONCE = 90, 8


@pytest.fixture
def url(environment: dict[str, str], tmp_path: Path) -> Iterator[str]:
    bounded = {**environment, "SESSIONSCRIBE_UPLOADS_AT_ONCE": str(AT_ONCE)}
    with running_api(bounded, tmp_path / "api.log", threads=16) as url:
        yield url


def key_of(resources: Resources, office: Office) -> str:
    return accounts.create_key(resources, office.caller.practice_id, office.caller.therapist_id)[1]


def stalled(stack: ExitStack, url: str, key: str, office: Office) -> list[socket.socket]:
    """Uploads that begin well and then send nothing more."""
    address = httpx2.URL(url)
    begun = (
        f"POST /api/sessions/upload?patient_id={office.patient_id} HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {key}\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        "Content-Length: 1000000\r\n\r\n--x\r\nContent-Type: audio/wav\r\n"
        'Content-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
    ).encode() + tone(1)
    found = []
    for _ in range(STALLED):
        found.append(stack.enter_context(socket.create_connection((address.host, address.port), timeout=30)))
        found[-1].sendall(begun)
    return found


def upload(url: str, key: str, office: Office) -> httpx2.Response:
    return httpx2.post(
        f"{url}/api/sessions/upload?patient_id={office.patient_id}",
        headers={"Authorization": f"Bearer {key}"},
        files={"file": ("a.wav", tone(1), "audio/wav")},
        timeout=60,
        trust_env=False,
    )


def answered(connections: list[socket.socket]) -> list[socket.socket]:
    return select.select(connections, [], [], 0)[0]


def test_stalled_uploads_of_one_key_delay_nobody_else(url: str, resources: Resources, office: Office) -> None:
    key, neighbour = key_of(resources, office), make_office(resources)
    with ExitStack() as stack:
        connections = stalled(stack, url, key, office)
        began = time.monotonic()
        assert upload(url, key_of(resources, neighbour), neighbour).status_code == 202
        assert time.monotonic() - began < 10  # alone it takes a fraction of a second; before, 25 s
        wait_for(lambda: len(answered(connections)) >= STALLED - AT_ONCE, 15)
        refused = answered(connections)[0].recv(4096)
        assert refused.startswith(b"HTTP/1.1 429")
        assert b"Retry-After: 2\r\n" in refused
        assert b"uploads_at_once" in refused
        assert upload(url, key, office).json()["code"] == "uploads_at_once"
    wait_for(lambda: upload(url, key, office).status_code == 202, 30)  # those that left are not counted

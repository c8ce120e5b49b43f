"""A rolling update of the deployment, while sessions are worked on and people ask all the time."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http import HTTPStatus

import httpx2
import pytest

from tests.containers.compose import Deployment, add_patient, finished, upload
from tests.waiting import wait_for

pytestmark = pytest.mark.docker

SECONDS = 240
EVERY_SECONDS = 0.1
Ask = Callable[[httpx2.Client], httpx2.Response]


def read(client: httpx2.Client) -> httpx2.Response:
    return client.get("/api/sessions/")


def write(client: httpx2.Client) -> httpx2.Response:
    return client.post("/api/patients", json={"name": "Pat"})


def test_everything_is_replaced_one_by_one_and_no_request_is_refused(
    deployment: Deployment, client: httpx2.Client, recording: bytes
) -> None:
    patient = add_patient(client)
    addresses = [upload(client, patient, recording) for _ in range(2)]
    with asking(deployment, client, read) as reads, asking(deployment, client, write) as writes:
        old = deployment.containers("api")
        deployment.scale("api", 2)
        (new,) = set(deployment.containers("api")) - set(old)
        wait_for(lambda: deployment.is_healthy(new), seconds=SECONDS)
        addresses.append(upload(client, patient, recording))
        deployment.docker("stop", "--time", "20", *old)
        for service in ("worker-transcribe", "worker-notes", "dispatcher", "courier"):
            deployment.compose("up", "--detach", "--no-deps", "--force-recreate", service)
        addresses.append(upload(client, patient, recording))
        sessions = finished(client, addresses, SECONDS)
    assert [session["status"] for session in sessions] == ["processed"] * len(addresses)
    print(f"{len(reads)} reads, {len(writes)} writes")
    assert len(reads) > 50
    assert len(writes) > 50
    assert set(reads) == {HTTPStatus.OK}
    assert set(writes) == {HTTPStatus.CREATED}


@contextmanager
def asking(deployment: Deployment, client: httpx2.Client, ask: Ask) -> Iterator[list[int | str]]:
    """What somebody is answered who asks all the time, on a new connection each time."""
    answers: list[int | str] = []
    over = threading.Event()
    key = client.headers["Authorization"].removeprefix("Bearer ")

    def go_on() -> None:
        while not over.wait(EVERY_SECONDS):
            try:
                with deployment.client(key) as other:
                    answers.append(ask(other).status_code)
            except httpx2.TransportError as error:
                answers.append(repr(error))

    with ThreadPoolExecutor(1) as aside:
        asked = aside.submit(go_on)
        try:
            yield answers
        finally:
            over.set()
            asked.result()

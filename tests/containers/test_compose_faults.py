"""Containers that are killed, out of memory, stopped or cut off: it costs time and nothing else."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.containers.compose import (
    Deployment,
    add_patient,
    attempts,
    finished,
    is_in_hand,
    upload,
)
from tests.waiting import wait_for

pytestmark = pytest.mark.docker

SECONDS = 240
POOL = "worker-transcribe"
# Takes all the memory that its container may have, and lets go of none.
HOG = "taken = []\nwhile True: taken.append(bytearray(b'x' * (8 << 20)))"


@pytest.fixture
def patient(client: httpx2.Client) -> str:
    return add_patient(client)


def in_hand(client: httpx2.Client, patient: str, recording: bytes, count: int = 1) -> list[str]:
    """Sessions, at least one of which is being worked on."""
    addresses = [upload(client, patient, recording) for _ in range(count)]
    wait_for(lambda: any(is_in_hand(client, address) for address in addresses), seconds=SECONDS)
    return addresses


def assert_all_processed(sessions: Sequence[dict[str, Any]]) -> None:
    assert {(session["status"], str(session["error"])) for session in sessions} == {("processed", "None")}


@pytest.mark.parametrize("service", [POOL, "redis", "postgres"])
def test_a_killed_container_costs_time_and_nothing_else(
    deployment: Deployment, client: httpx2.Client, patient: str, recording: bytes, service: str
) -> None:
    addresses = in_hand(client, patient, recording, 2)
    deployment.crash(service)
    assert_all_processed(finished(client, addresses, SECONDS))


def test_a_container_that_the_kernel_kills_for_its_memory_costs_time_and_nothing_else(
    deployment: Deployment, client: httpx2.Client, patient: str, recording: bytes
) -> None:
    (worker,) = deployment.containers(POOL)
    restarts = int(deployment.docker("inspect", "--format", "{{.RestartCount}}", worker))
    addresses = in_hand(client, patient, recording, 2)
    with deployment.coming_back(worker), out_of_memory(deployment, worker):
        pass
    assert int(deployment.docker("inspect", "--format", "{{.RestartCount}}", worker)) > restarts
    assert_all_processed(finished(client, addresses, SECONDS))
    outcomes = [attempt["outcome"] for address in addresses for attempt in attempts(client, address)]
    assert "lost" in outcomes


@contextmanager
def out_of_memory(deployment: Deployment, container: str) -> Iterator[None]:
    """Have the kernel end what runs in the container, because its memory is used up."""
    for process in deployment.processes(container):
        Path(f"/proc/{process}/oom_score_adj").write_text("1000")
    hog = subprocess.Popen(["docker", "exec", container, "python", "-c", HOG])
    yield
    assert hog.wait(timeout=60) != 0


def test_a_host_that_is_cut_off_and_returns_loses_and_doubles_nothing(
    deployment: Deployment, client: httpx2.Client, patient: str, recording: bytes
) -> None:
    # Every container is a host with a network of its own: three of them transcribe, one drops out.
    deployment.scale(POOL, 3)
    workers = deployment.containers(POOL)
    assert len(workers) == 3
    addresses = in_hand(client, patient, recording, 3)
    network = f"{deployment.project}_back"
    deployment.docker("network", "disconnect", network, workers[0])
    sessions = finished(client, addresses, SECONDS)
    deployment.docker("network", "connect", network, workers[0])
    assert_all_processed(sessions)
    wait_for(lambda: deployment.is_healthy(workers[0]), seconds=SECONDS)
    assert [client.get(address).json() for address in addresses] == sessions

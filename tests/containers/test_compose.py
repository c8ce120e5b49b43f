"""The deployment of docker-compose.yml: from clean to notes, closed where it can be, and scaled."""

import re

import httpx2
import pytest

from tests.containers.compose import Deployment, add_patient, attempts, finished, upload
from tests.waiting import wait_for

pytestmark = pytest.mark.docker

SECONDS = 240
WORKERS = 4


def test_a_recording_becomes_notes_behind_the_proxy(client: httpx2.Client, recording: bytes) -> None:
    (session,) = finished(client, [upload(client, add_patient(client), recording)], SECONDS)
    assert session["status"] == "processed", session["error"]
    assert len(session["transcript_text"].split()) > 5


def test_containers_are_healthy_by_their_own_checks(deployment: Deployment) -> None:
    for service in ("api", "worker-transcribe", "worker-notes", "dispatcher", "proxy"):
        (container,) = deployment.containers(service)
        wait_for(lambda container=container: deployment.is_healthy(container), seconds=SECONDS)


def test_a_container_is_nobody_and_can_write_nothing(deployment: Deployment) -> None:
    (api,) = deployment.containers("api")
    assert deployment.docker("exec", api, "id", "-u").strip() == "10001"
    for program in ("pip", "gcc", "uv"):
        assert "not found" in deployment.docker("exec", api, "sh", "-c", f"{program} --version", check=False)
    assert "Read-only" in deployment.docker("exec", api, "touch", "/app/written", check=False)


def test_no_secret_stands_in_an_environment_or_a_command(deployment: Deployment) -> None:
    secrets = [path.read_text().strip() for path in (deployment.folder / "deploy" / "secrets").iterdir()]
    for container in deployment.docker("ps", "--quiet").split():
        shown = deployment.docker("inspect", container)
        assert not [secret for secret in secrets if secret in shown]


def test_metrics_are_not_published(client: httpx2.Client) -> None:
    assert client.get("/metrics").status_code == 404


def test_four_workers_for_one_by_one_command_share_the_work(
    deployment: Deployment, client: httpx2.Client, recording: bytes
) -> None:
    others = {service: deployment.containers(service) for service in ("api", "worker-notes", "postgres")}
    patient = add_patient(client)
    first = [upload(client, patient, recording) for _ in range(2)]
    deployment.compose("up", "--detach", "--scale", f"worker-transcribe={WORKERS}")
    workers = deployment.containers("worker-transcribe")
    assert len(workers) == WORKERS
    assert {service: deployment.containers(service) for service in others} == others
    for worker in workers:
        wait_for(lambda worker=worker: deployment.is_healthy(worker), seconds=SECONDS)  # type: ignore[misc]
    addresses = first + [upload(client, patient, recording) for _ in range(2 * WORKERS)]
    sessions = finished(client, addresses, 2 * SECONDS)
    assert {session["status"] for session in sessions} == {"processed"}
    took_part = {
        attempt["worker"].partition(":")[0] for address in addresses for attempt in attempts(client, address)
    }
    assert set(workers) <= took_part


def test_no_word_that_was_said_stands_in_any_container_log(
    deployment: Deployment, client: httpx2.Client, recording: bytes
) -> None:
    (session,) = finished(client, [upload(client, add_patient(client), recording)], SECONDS)
    phrases = re.findall(r"\w+ \w+ \w+", session["transcript_text"])
    log = deployment.compose("logs", "--no-color")
    assert "recording_accepted" in log
    assert not [phrase for phrase in phrases if phrase in log]

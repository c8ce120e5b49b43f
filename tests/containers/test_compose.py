"""The deployment of docker-compose.yml: from clean to notes, scaled, updated, killed and cut off."""

import re
from collections.abc import Iterator

import httpx2
import pytest

from tests.containers.compose import Deployment, add_patient, deployed, finished, upload
from tests.e2e.conftest import excerpt
from tests.waiting import wait_for

pytestmark = pytest.mark.docker

SECONDS = 240


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Deployment, str]]:
    with deployed(tmp_path_factory.mktemp("deployment")) as made:
        yield made


@pytest.fixture
def deployment(running: tuple[Deployment, str]) -> Deployment:
    return running[0]


@pytest.fixture
def client(running: tuple[Deployment, str]) -> Iterator[httpx2.Client]:
    deployment, key = running
    with deployment.client(key) as made:
        yield made


@pytest.fixture(scope="module")
def recording() -> bytes:
    return excerpt(12.0)


def is_transcribing(client: httpx2.Client, address: str) -> bool:
    return bool(client.get(address).json()["status"] == "transcribing")


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


def test_a_killed_worker_costs_time_and_nothing_else(
    deployment: Deployment, client: httpx2.Client, recording: bytes
) -> None:
    address = upload(client, add_patient(client), recording)
    wait_for(lambda: is_transcribing(client, address), seconds=SECONDS)
    (worker,) = deployment.containers("worker-transcribe")
    deployment.docker("kill", worker)
    deployment.compose("up", "--detach", "worker-transcribe")
    (session,) = finished(client, [address], SECONDS)
    assert session["status"] == "processed", session["error"]


def test_a_host_that_is_cut_off_and_returns_loses_and_doubles_nothing(
    deployment: Deployment, client: httpx2.Client, recording: bytes
) -> None:
    # Every container is a host with a network of its own: three of them transcribe, one drops out.
    deployment.scale("worker-transcribe", 3)
    workers = deployment.containers("worker-transcribe")
    assert len(workers) == 3
    patient = add_patient(client)
    addresses = [upload(client, patient, recording) for _ in range(3)]
    wait_for(lambda: any(is_transcribing(client, address) for address in addresses), seconds=SECONDS)
    network = f"{deployment.project}_back"
    deployment.docker("network", "disconnect", network, workers[0])
    sessions = finished(client, addresses, SECONDS)
    deployment.docker("network", "connect", network, workers[0])
    assert [session["status"] for session in sessions] == ["processed"] * 3
    wait_for(lambda: deployment.is_healthy(workers[0]), seconds=SECONDS)
    assert [client.get(address).json() for address in addresses] == sessions


def test_everything_is_replaced_one_by_one_while_work_goes_on(
    deployment: Deployment, client: httpx2.Client, recording: bytes
) -> None:
    patient = add_patient(client)
    addresses = [upload(client, patient, recording)]
    old = deployment.containers("api")
    deployment.scale("api", 2)
    (new,) = set(deployment.containers("api")) - set(old)
    wait_for(lambda: deployment.is_healthy(new), seconds=SECONDS)
    deployment.docker("stop", "--time", "20", *old)
    for service in ("worker-transcribe", "worker-notes", "dispatcher"):
        deployment.compose("up", "--detach", "--no-deps", "--force-recreate", service)
    wait_for(lambda: client.get("/healthz").status_code == 200, seconds=60)
    addresses.append(upload(client, patient, recording))
    assert [session["status"] for session in finished(client, addresses, SECONDS)] == ["processed"] * 2


def test_no_word_that_was_said_stands_in_any_container_log(
    deployment: Deployment, client: httpx2.Client, recording: bytes
) -> None:
    (session,) = finished(client, [upload(client, add_patient(client), recording)], SECONDS)
    phrases = re.findall(r"\w+ \w+ \w+", session["transcript_text"])
    log = deployment.compose("logs", "--no-color")
    assert "recording_accepted" in log
    assert not [phrase for phrase in phrases if phrase in log]

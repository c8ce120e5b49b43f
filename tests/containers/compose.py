"""A deployment by docker-compose.yml, on images that stand in for a registry's."""

import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from tests.waiting import wait_for

ROOT = Path(__file__).parents[2]
START_SECONDS = 180


@dataclass(frozen=True)
class Deployment:
    """A running project of its own: its folder, its keys and its address."""

    folder: Path
    project: str
    port: int

    def compose(self, *words: str, check: bool = True) -> str:
        """What ``docker compose WORDS`` prints."""
        command = [*_compose(), "--project-name", self.project, *words]
        environment = {**os.environ, "HTTPS_PORT": str(self.port)}
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0 or not check, done.stdout + done.stderr
        return done.stdout + done.stderr

    def docker(self, *words: str, check: bool = True) -> str:
        """What ``docker WORDS`` prints."""
        done = subprocess.run(["docker", *words], capture_output=True, text=True)
        assert done.returncode == 0 or not check, done.stdout + done.stderr
        return done.stdout + done.stderr

    def containers(self, service: str) -> list[str]:
        """The ids of a service's running containers."""
        found = self.docker(
            *("ps", "--quiet", "--filter", f"label=com.docker.compose.project={self.project}"),
            *("--filter", f"label=com.docker.compose.service={service}"),
        )
        return found.split()

    def scale(self, service: str, count: int) -> None:
        """Have ``count`` containers of the service, and leave the others alone."""
        self.compose("up", "--detach", "--no-recreate", "--scale", f"{service}={count}", service)

    def crash(self, service: str) -> None:
        """Kill the service's one container from outside, as a bug or the kernel would, and see it come back.

        Not by ``docker kill``: what an operator ended stays down, whatever its restart policy says.
        """
        (container,) = self.containers(service)
        with self.coming_back(container):
            os.kill(int(self.state_of(container, "Pid")), signal.SIGKILL)

    @contextmanager
    def coming_back(self, container: str) -> Iterator[None]:
        """Waits, when the block is over, until the container runs that began anew since."""
        began = self.state_of(container, "StartedAt")
        yield
        wait_for(lambda: self.state_of(container, "StartedAt") != began, seconds=60)

    def processes(self, container: str) -> list[int]:
        """The ids, as this machine knows them, of what runs in the container."""
        return [int(line) for line in self.docker("top", container, "-o", "pid").splitlines()[1:]]

    def state_of(self, container: str, what: str) -> str:
        """What the engine says of a container: ``Pid``, ``ExitCode``, ``StartedAt`` and so on."""
        return self.docker("inspect", "--format", f"{{{{.State.{what}}}}}", container).strip()

    def is_healthy(self, container: str) -> bool:
        """What the container's own health check says."""
        return self.state_of(container, "Health.Status") == "healthy"

    def client(self, key: str) -> httpx2.Client:
        """A client that trusts the deployment's certificate and speaks through its proxy."""
        certificate = self.folder / "deploy" / "secrets" / "tls_certificate"
        return httpx2.Client(
            base_url=f"https://localhost:{self.port}",
            headers={"Authorization": f"Bearer {key}"},
            verify=ssl.create_default_context(cafile=certificate),
            timeout=60,
            trust_env=False,
        )


@contextmanager
def deployed(folder: Path, *more: Path) -> Iterator[tuple[Deployment, str]]:
    """A deployment from clean, as docs/deployment.md says, and its therapist's key; gone at the end.

    ``more``: files beside docker-compose.yml, such as an override.
    """
    for file in more:
        shutil.copy(file, folder)
    shutil.copy(ROOT / "docker-compose.yml", folder)
    shutil.copytree(ROOT / "deploy", folder / "deploy", ignore=shutil.ignore_patterns("secrets"))
    subprocess.run(["sh", "deploy/make-secrets.sh"], cwd=folder, check=True, capture_output=True)
    deployment = Deployment(folder, f"sessionscribe-{os.getpid()}", _free_port())
    try:
        said = deployment.compose(
            *("run", "--rm", "release", "sessionscribe", "setup"),
            *("--practice", "A practice", "--therapist", "A name"),
        )
        code = re.search(r"therapist\s+(sse_\w+)", said)
        assert code, said
        deployment.compose("up", "--detach")
        with deployment.client("none") as client:
            wait_for(lambda: _is_ready(client), seconds=START_SECONDS)
            redeemed = client.post("/api/enrolments", json={"code": code[1]})
            assert redeemed.status_code == 201, redeemed.text
        yield deployment, redeemed.json()["key"]
    finally:
        deployment.compose("down", "--volumes", "--timeout", "5", check=False)


def add_patient(client: httpx2.Client) -> str:
    """The id of a new patient with consent."""
    consent = {"given_on": "2026-11-01", "method": "written"}
    answer = client.post("/api/patients", json={"name": "Pat", "consent": consent})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def upload(client: httpx2.Client, patient: str, recording: bytes) -> str:
    """The address of a newly accepted session."""
    answer = client.post(
        f"/api/sessions/upload?patient_id={patient}", files={"file": ("a.wav", recording, "audio/wav")}
    )
    assert answer.status_code == 202, answer.text
    return answer.headers["Location"]


def attempts(client: httpx2.Client, address: str) -> list[dict[str, Any]]:
    """Each attempt of each step of the session, with its worker and outcome."""
    return list(client.get(f"{address}/history").json()["attempts"])


def is_in_hand(client: httpx2.Client, address: str) -> bool:
    """Whether a worker is listening to a part of the session."""
    found = [(attempt["step"], attempt["outcome"]) for attempt in attempts(client, address)]
    return ("transcribe_chunk", "running") in found


def finished(client: httpx2.Client, addresses: Sequence[str], seconds: float) -> list[dict[str, Any]]:
    """The sessions, once each is processed or failed."""
    wait_for(lambda: all(_status(client, a) in ("processed", "failed") for a in addresses), seconds=seconds)
    return [client.get(address).json() for address in addresses]


def _status(client: httpx2.Client, address: str) -> str:
    return str(client.get(address, headers={"Prefer": "wait=5"}).json().get("status"))


def _is_ready(client: httpx2.Client) -> bool:
    try:
        return client.get("/readyz").status_code == 200
    except httpx2.TransportError:
        return False


def _compose() -> list[str]:
    """Compose as the engine's plugin, else as a program of its own."""
    plugin = subprocess.run(["docker", "compose", "version"], capture_output=True)
    return ["docker", "compose"] if plugin.returncode == 0 else ["docker-compose"]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])

"""What the tests of this folder need: a Docker engine, and the image that build_images.sh makes."""

import json
import os
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import docker
import httpx2
import pytest
from docker.constants import DEFAULT_UNIX_SOCKET
from docker.errors import DockerException, ImageNotFound
from testcontainers.core.config import testcontainers_config

from tests.containers.compose import Deployment, deployed
from tests.e2e.conftest import excerpt
from tests.faults.machine import WITHOUT_LIMITS

IMAGE = "sessionscribe:latest"
BASE_IMAGE = "sessionscribe-test-base:bookworm"


@pytest.fixture(scope="session", autouse=True)
def engine() -> None:
    """Skip, with the reason, where these tests cannot run."""
    if not listens():
        pytest.skip("no Docker engine answers")
    try:
        client = docker.from_env()
        client.ping()
        client.images.get(IMAGE)
        client.close()
    except ImageNotFound:
        pytest.skip(f"there is no image {IMAGE}: run sh tests/containers/build_images.sh")
    except DockerException:
        pytest.skip("no Docker engine answers")
    # Its reaper is an image of a registry; the tests end their containers themselves.
    testcontainers_config.ryuk_disabled = True


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory, engine: None) -> Iterator[tuple[Deployment, str]]:
    """The deployment that the tests of this folder share, and its therapist's key."""
    override = tmp_path_factory.mktemp("more") / "docker-compose.override.yml"
    override.write_text(json.dumps({"services": {"api": {"environment": WITHOUT_LIMITS}}}))  # JSON is YAML
    with deployed(tmp_path_factory.mktemp("deployment"), override) as made:
        yield made


@pytest.fixture
def deployment(running: tuple[Deployment, str]) -> Iterator[Deployment]:
    """The deployment, brought back to one container of each service afterwards."""
    yield running[0]
    running[0].compose("up", "--detach", "--no-recreate")


@pytest.fixture
def client(running: tuple[Deployment, str]) -> Iterator[httpx2.Client]:
    """The therapist's, through the proxy."""
    deployment, key = running
    with deployment.client(key) as made:
        yield made


@pytest.fixture(scope="session")
def recording() -> bytes:
    """Twelve seconds of speech."""
    return excerpt(12.0)


def listens() -> bool:
    """Whether somebody is at the engine's socket: docker's own client leaves its end open if nobody is."""
    address = urlsplit(os.environ.get("DOCKER_HOST") or DEFAULT_UNIX_SOCKET)
    if "unix" not in address.scheme:
        return True
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(address.path) == 0

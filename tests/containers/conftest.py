"""What the tests of this folder need: a Docker engine, and the image that build_images.sh makes."""

import os
import socket
from urllib.parse import urlsplit

import docker
import pytest
from docker.constants import DEFAULT_UNIX_SOCKET
from docker.errors import DockerException, ImageNotFound
from testcontainers.core.config import testcontainers_config

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


def listens() -> bool:
    """Whether somebody is at the engine's socket: docker's own client leaves its end open if nobody is."""
    address = urlsplit(os.environ.get("DOCKER_HOST") or DEFAULT_UNIX_SOCKET)
    if "unix" not in address.scheme:
        return True
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(address.path) == 0

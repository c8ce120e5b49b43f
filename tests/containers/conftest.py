"""What the tests of this folder need: a Docker engine, and the image that build_images.sh makes."""

import docker
import pytest
from docker.errors import DockerException, ImageNotFound
from testcontainers.core.config import testcontainers_config

IMAGE = "sessionscribe:latest"
BASE_IMAGE = "sessionscribe-test-base:bookworm"


@pytest.fixture(scope="session", autouse=True)
def engine() -> None:
    """Skip, with the reason, where these tests cannot run."""
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

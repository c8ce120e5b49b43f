"""An S3 server of one's own: moto's, as a real process on loopback, that forgets everything."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx2

from embedded.launch import launched
from embedded.ports import next_free
from shared.settings import S3Access
from shared.storage.opening import open_store
from shared.storage.s3 import S3Store
from tests.waiting import wait_for

BUCKET = "recordings"
CREDENTIALS = {
    "SESSIONSCRIBE_S3_ACCESS_KEY_ID": "an-id",
    "SESSIONSCRIBE_S3_SECRET_ACCESS_KEY": "a-secret",
}


@contextmanager
def running_s3(
    log: Path, first_port: int = 18900, environment: Mapping[str, str] | None = None
) -> Iterator[str]:
    """A server with an empty bucket, and more in its environment; gives its address."""
    port = next_free(first_port + os.getpid() % 50)
    url = f"http://127.0.0.1:{port}"
    with log.open("wb") as out:
        server = subprocess.Popen(
            launched([sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", str(port)]),
            env={**os.environ, **(environment or {})},
            stdout=out,
            stderr=out,
        )

    def answers() -> bool:
        assert server.poll() is None, log.read_text()
        try:
            return httpx2.get(f"{url}/moto-api/", trust_env=False).status_code < 500
        except httpx2.TransportError:
            return False

    try:
        wait_for(answers, 60)
        assert store_at(url).make_bucket()
        yield url
    finally:
        server.terminate()
        server.wait(timeout=30)


def access_to(url: str) -> S3Access:
    """The credentials for the server at ``url``, which takes any."""
    return S3Access(url, "us-east-1", *CREDENTIALS.values())


def store_at(url: str, prefix: str = "") -> S3Store:
    """The store of the server at ``url``, or the part of it below ``prefix``."""
    store = open_store(f"s3://{BUCKET}/{prefix}", access_to(url))
    assert isinstance(store, S3Store)
    return store

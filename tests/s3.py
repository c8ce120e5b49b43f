"""An S3 server of one's own, as a real process on loopback, that forgets everything.

moto's, which takes any credentials; or, where ``TEST_S3_SERVER=ceph`` says so (``make s3``), Ceph's gateway.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx2
import pytest

from embedded.launch import launched
from embedded.ports import next_free
from shared.settings import S3Access
from shared.storage.opening import open_store
from shared.storage.s3 import S3Store
from tests import ceph
from tests.waiting import wait_for

BUCKET = "recordings"
CREDENTIALS = {
    "SESSIONSCRIBE_S3_ACCESS_KEY_ID": "an-id",
    "SESSIONSCRIBE_S3_SECRET_ACCESS_KEY": "a-secret",
}


# moto's own name for it; both servers are told by it.
LEAST_PART = "S3_UPLOAD_PART_MIN_SIZE"


@contextmanager
def running_s3(
    log: Path, first_port: int = 18900, environment: Mapping[str, str] | None = None
) -> Iterator[str]:
    """A server with an empty bucket, and more in its environment; gives its address."""
    strict = os.environ.get("TEST_S3_SERVER") == "ceph"
    with _ceph(log, environment or {}) if strict else _moto(log, first_port, environment or {}) as url:
        assert store_at(url).make_bucket()
        yield url


@contextmanager
def strict_s3(log: Path) -> Iterator[str]:
    """Ceph's, with an empty bucket; skips the test where it is not installed."""
    if missing := ceph.missing():
        pytest.skip(f"there is no {', '.join(missing)}: apt-get install ceph-mon ceph-osd radosgw")
    with _ceph(log, {}) as url:
        assert store_at(url).make_bucket()
        yield url


def _ceph(log: Path, environment: Mapping[str, str]) -> AbstractContextManager[str]:
    user = (CREDENTIALS["SESSIONSCRIBE_S3_ACCESS_KEY_ID"], CREDENTIALS["SESSIONSCRIBE_S3_SECRET_ACCESS_KEY"])
    return ceph.running_ceph(log.with_suffix(".ceph"), user, int(environment.get(LEAST_PART, 5 << 20)))


@contextmanager
def _moto(log: Path, first_port: int, environment: Mapping[str, str]) -> Iterator[str]:
    port = next_free(first_port + os.getpid() % 50)
    url = f"http://127.0.0.1:{port}"
    with log.open("wb") as out:
        server = subprocess.Popen(
            launched([sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", str(port)]),
            env={**os.environ, **environment},
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

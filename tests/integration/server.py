"""The API as it runs: gunicorn with threads, on a free port."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx2

from embedded.ports import next_free
from tests.waiting import wait_for

WORKER_CLASS = "api.gunicorn_worker.QuietThreadWorker"  # as in the Procfile


@contextmanager
def running_api(environment: Mapping[str, str], log_path: Path, threads: int = 8) -> Iterator[str]:
    """A server with these settings; gives its address, ends it afterwards."""
    port = next_free(18600)
    url = f"http://127.0.0.1:{port}"
    command = ["gunicorn", "--worker-class", WORKER_CLASS, "--threads", str(threads), "--no-control-socket"]
    with log_path.open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", *command, "--bind", f"127.0.0.1:{port}", "api.app:create_app()"],
            env={**os.environ, **environment},
            stdout=log,
            stderr=log,
        )

    def answers() -> bool:
        assert server.poll() is None, log_path.read_text()
        try:
            return httpx2.get(f"{url}/healthz", trust_env=False).status_code == 200
        except httpx2.TransportError:
            return False

    try:
        wait_for(answers, 60)
        yield url
    finally:
        server.terminate()
        server.wait(timeout=30)

"""The API as it runs: gunicorn with threads, on a free port."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from tests.waiting import wait_for

WORKER_CLASS = "api.server.gunicorn_worker.QuietThreadWorker"  # as in the Procfile


@dataclass(frozen=True)
class Server:
    """A running gunicorn."""

    port: int
    process: subprocess.Popen[bytes]


@contextmanager
def running_api(environment: Mapping[str, str], log_path: Path, threads: int = 8) -> Iterator[str]:
    """A server with these settings; gives its address, ends it afterwards."""
    with running_server(environment, log_path, threads) as server:
        yield f"http://127.0.0.1:{server.port}"


@contextmanager
def running_server(environment: Mapping[str, str], log_path: Path, threads: int = 8) -> Iterator[Server]:
    """A server with these settings, answering; ended afterwards."""
    command = ["gunicorn", "--worker-class", WORKER_CLASS, "--threads", str(threads), "--no-control-socket"]
    # Listening before the server starts: no other test, and no connection, can take the port meanwhile.
    with socket.create_server(("127.0.0.1", 0)) as listener, log_path.open("wb") as log:
        server = subprocess.Popen(
            [
                sys.executable,
                "-m",
                *command,
                "--bind",
                f"fd://{listener.fileno()}",
                "serving.app:create_app()",
            ],
            env={**os.environ, **environment},
            stdout=log,
            stderr=log,
            pass_fds=(listener.fileno(),),
        )
        port: int = listener.getsockname()[1]
    try:
        wait_for(lambda: _answers(server, port, log_path), 120)
        yield Server(port, server)
    finally:
        server.terminate()
        server.wait(timeout=60)


def _answers(server: "subprocess.Popen[bytes]", port: int, log_path: Path) -> bool:
    assert server.poll() is None, log_path.read_text()
    try:
        # The kernel takes connections for the listener before anybody accepts them.
        return httpx2.get(f"http://127.0.0.1:{port}/healthz", timeout=60, trust_env=False).status_code == 200
    except httpx2.TransportError:
        return False

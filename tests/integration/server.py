"""The API as it runs: gunicorn with threads, on a free port."""

import os
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

import httpx2

from tests import forking
from tests.waiting import wait_for

WORKER_CLASS = "api.server.gunicorn_worker.QuietThreadWorker"  # as in the Procfile

forking.import_ahead("gunicorn.app.wsgiapp", WORKER_CLASS.rpartition(".")[0], "serving.app")


@dataclass(frozen=True)
class Server:
    """A running gunicorn."""

    port: int
    process: BaseProcess


@contextmanager
def running_api(environment: Mapping[str, str], log_path: Path, threads: int = 8) -> Iterator[str]:
    """A server with these settings; gives its address, ends it afterwards."""
    with running_server(environment, log_path, threads) as server:
        yield f"http://127.0.0.1:{server.port}"


@contextmanager
def running_server(environment: Mapping[str, str], log_path: Path, threads: int = 8) -> Iterator[Server]:
    """A server with these settings, answering; ended afterwards."""
    command = ["--worker-class", WORKER_CLASS, "--threads", str(threads), "--no-control-socket"]
    # Listening before the server starts: no other test, and no connection, can take the port meanwhile.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = forking.forked(_serve, command, listener, {**os.environ, **environment}, log_path)
        port: int = listener.getsockname()[1]
    try:
        wait_for(lambda: _answers(server, port, log_path), 120)
        yield Server(port, server)
    finally:
        server.terminate()
        server.join(timeout=60)
        assert server.exitcode is not None, "the server does not stop"


def _serve(
    command: list[str], listener: socket.socket, environment: Mapping[str, str], log_path: Path
) -> None:
    """Be gunicorn, as its command is."""
    from gunicorn.app.wsgiapp import run

    with log_path.open("wb") as log:
        for stream in (1, 2):
            os.dup2(log.fileno(), stream)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["gunicorn", *command, "--bind", f"fd://{listener.detach()}", "serving.app:create_app()"]
    run()


def _answers(server: BaseProcess, port: int, log_path: Path) -> bool:
    assert server.is_alive(), log_path.read_text()
    try:
        # The kernel takes connections for the listener before anybody accepts them.
        return httpx2.get(f"http://127.0.0.1:{port}/healthz", timeout=60, trust_env=False).status_code == 200
    except httpx2.TransportError:
        return False

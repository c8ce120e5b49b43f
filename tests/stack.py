"""Real servers for tests: a Postgres and a Redis of their own, on free ports, gone at the end.

``with running_postgres() as postgres: postgres.create_database("x"); postgres.url_of("x")`` and
``with running_redis() as redis: redis.url``. Any number of pytest processes may do so at once.
Enter them in the main thread (a session fixture does): the servers end with the thread that
started them, even if pytest is killed.
"""

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from embedded.launch import launched
from embedded.postgres import EmbeddedPostgres
from embedded.redis import EmbeddedRedis
from embedded.server import Server, bare_environment, wait_until_ready


@contextmanager
def running_postgres() -> Iterator[EmbeddedPostgres]:
    """A Postgres without databases of ours, that forgets everything; about one second."""
    with temporary_folder() as folder:
        postgres = EmbeddedPostgres(folder / "postgres", fsync=False)
        # SIGQUIT: "immediate", nothing needs to be saved.
        with running(postgres, folder, stop_signal=signal.SIGQUIT):
            yield postgres


@contextmanager
def running_redis() -> Iterator[EmbeddedRedis]:
    """An empty Redis."""
    with temporary_folder() as folder:
        redis = EmbeddedRedis(folder / "redis")
        with running(redis, folder, stop_signal=signal.SIGKILL):
            yield redis


@contextmanager
def running(
    server: Server, log_dir: Path, stop_signal: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """``server`` prepared, started and answering; stopped in good order unless told otherwise."""
    server.prepare()
    log_path = log_dir / f"{server.name}.log"
    with log_path.open("ab") as log:
        process = subprocess.Popen(
            launched(server.command(), server.stop_signal),
            cwd="/",
            env=bare_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

    def answers() -> bool:
        assert process.poll() is None, f"{server.name} ended: {log_path.read_text()}"
        return server.is_ready()

    try:
        wait_until_ready(answers, 30, server.name)
        yield process
    finally:
        process.send_signal(server.stop_signal if stop_signal is None else stop_signal)
        process.wait(timeout=30)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A short path that any user may pass through, removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="sessionscribe-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)

"""The API as it runs, one process of it with servers of its own, to be measured over its socket."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import httpx2
import psutil

import migrations
from embedded.ports import next_free
from shared.db.connection.engine import Database
from shared.services.accounts import accounts
from shared.settings import load
from tests.database import make_inspector
from tests.servers import environment_of, make_office, make_resources
from tests.stack import running_postgres, running_redis
from tests.waiting import wait_for


@dataclass(frozen=True)
class Server:
    """A running API, and who uploads to it."""

    port: int
    key: str
    patient_id: UUID
    process: psutil.Process

    def cpu_seconds(self) -> float:
        """Of all processes of the server, so far."""
        return sum(_cpu(process) for process in (self.process, *self.process.children(recursive=True)))

    def memory(self) -> int:
        """Bytes that the API's processes have to themselves, without the decoders' that come and go."""
        return sum(process.memory_full_info().uss for process in (self.process, *self.process.children()))


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


@contextmanager
def served(folder: Path) -> Iterator[Server]:
    """The API as it runs, with limits out of the way."""
    with running_postgres() as postgres, running_redis() as redis:
        postgres.create_database()
        migrations.upgrade(postgres.owner_url)
        make_inspector(postgres)
        environment = {
            **environment_of(postgres, redis, folder),
            "SESSIONSCRIBE_UPLOADS_PER_HOUR": "100000",
            "SESSIONSCRIBE_UPLOADS_AT_ONCE": "1000",
            "SESSIONSCRIBE_UPLOAD_ATTEMPTS_PER_HOUR": "100000",
            "SESSIONSCRIBE_PRACTICE_MIB_PER_DAY": "1000000",
            "SESSIONSCRIBE_PRACTICE_MINUTES_PER_DAY": "100000000",
            "SESSIONSCRIBE_MAX_RECORDING_SECONDS": "86400",
            "SESSIONSCRIBE_MIN_FREE_DISK_MIB": "0",
            "SESSIONSCRIBE_LOG_LEVEL": "ERROR",
        }
        database = Database(environment["DATABASE_URL"])
        resources = make_resources(load(environment), database)
        office = make_office(resources)
        _, key = accounts.create_key(resources, office.caller.practice_id, office.caller.therapist_id)
        database.close()
        port = next_free(18900)
        command = [
            sys.executable, "-m", "gunicorn",
            "--worker-class", "api.server.gunicorn_worker.QuietThreadWorker",
            "--threads", "16", "--no-control-socket", "--log-level", "warning",
            "--bind", f"127.0.0.1:{port}", "serving.app:create_app()",
        ]  # fmt: skip
        process = subprocess.Popen(command, env={**os.environ, **environment})
        try:
            wait_for(lambda: _answers(port), 60)
            yield Server(port, key, office.patient_id, psutil.Process(process.pid))
        finally:
            process.terminate()
            process.wait(timeout=60)


def _answers(port: int) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/healthz", trust_env=False).status_code == 200
    except httpx2.TransportError:
        return False

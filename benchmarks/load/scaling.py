"""Measures the deployment of docker-compose.yml: from clean to notes, and sessions an hour by its workers.

``python -m benchmarks.load.scaling`` needs the images of ``tests/containers/build_images.sh``. Speech goes to
``benchmarks.load.waiting_engine``, which waits instead of computing: a machine with fewer cores than workers
would otherwise show how its cores are shared, and not whether the queue lets more workers do more.
"""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx2
import yaml

from benchmarks.load import waiting_engine
from tests.containers.compose import Deployment, add_patient, deployed, finished, upload
from tests.e2e.conftest import excerpt
from tests.faults.machine import WITHOUT_LIMITS
from tests.waiting import wait_for

PATIENCE_SECONDS = 900
SERVICE = "worker-transcribe"
USERS_OF_THE_ENGINE = ("api", "release", "dispatcher", "courier", SERVICE, "worker-notes")


def main() -> None:
    """Measure, and print the figures as JSON."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--workers", type=int, nargs="+", default=[1, 2, 3, 4])
    arguments.add_argument("--sessions", type=int, default=12, help="for each number of workers")
    arguments.add_argument("--wait", type=float, default=10.0, help="seconds that the engine takes for each")
    asked = arguments.parse_args()
    found: dict[str, Any] = {"load": round(os.getloadavg()[0], 1), "cores": os.cpu_count(), "rates": {}}
    recording = excerpt(12.0)
    with tempfile.TemporaryDirectory() as folder:
        override = Path(folder, "docker-compose.override.yml")
        override.write_text(yaml.safe_dump(_with_engine(asked.wait)))
        project = Path(folder, "deployment")
        project.mkdir()
        began = time.monotonic()
        with (
            deployed(project, override, Path(waiting_engine.__file__)) as (deployment, key),
            deployment.client(key) as client,
        ):
            found["seconds_from_clean_to_ready"] = round(time.monotonic() - began, 1)
            _process(client, recording, 1)
            found["seconds_from_clean_to_first_notes"] = round(time.monotonic() - began, 1)
            for count in asked.workers:
                _scale(deployment, count)
                took = _process(client, recording, asked.sessions)
                rate = round(asked.sessions * 3600 / took)
                found["rates"][count] = {"seconds": round(took, 1), "sessions_an_hour": rate}
                print(count, found["rates"][count], f"load {os.getloadavg()[0]:.1f}", flush=True)
    print(json.dumps(found, indent=2))


def _with_engine(wait: float) -> dict[str, Any]:
    """The override that adds the engine, and has everybody use it."""
    name = Path(waiting_engine.__file__).name
    engine = {
        "image": "sessionscribe:latest",
        "command": ["python", f"/{name}"],
        "environment": {"WAIT_SECONDS": str(wait)},
        "volumes": [f"./{name}:/{name}:ro"],
        "networks": ["back"],
    }
    use = {
        "SESSIONSCRIBE_TRANSCRIBER": "openai",
        "OPENAI_API_KEY": "none",
        "OPENAI_BASE_URL": f"http://engine:{waiting_engine.PORT}/v1",
        "SESSIONSCRIBE_OPENAI_IN_HOUSE": "yes",
        "SESSIONSCRIBE_OPENAI_TRANSCRIPTION_MODEL": "whisper-1",
        **WITHOUT_LIMITS,
    }
    return {"services": {"engine": engine} | {name: {"environment": use} for name in USERS_OF_THE_ENGINE}}


def _scale(deployment: Deployment, count: int) -> None:
    deployment.scale(SERVICE, count)
    for container in deployment.containers(SERVICE):
        wait_for(lambda container=container: deployment.is_healthy(container), PATIENCE_SECONDS)  # type: ignore[misc]


def _process(client: httpx2.Client, recording: bytes, count: int) -> float:
    """Seconds from the first upload until all sessions have notes."""
    patient = add_patient(client)
    began = time.monotonic()
    addresses = [upload(client, patient, recording) for _ in range(count)]
    sessions = finished(client, addresses, PATIENCE_SECONDS)
    took = time.monotonic() - began
    assert {session["status"] for session in sessions} == {"processed"}, sessions
    return took


if __name__ == "__main__":
    main()

"""A real Prometheus (Debian's) that watches a machine."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from embedded.launch import launched
from embedded.ports import next_free
from tests.faults.machine import Machine
from tests.fleet.scraping import JOB, RULES, TOKEN
from tests.waiting import wait_for

EVERY = "1s"


class Prometheus:
    """Asks a server what it knows."""

    def __init__(self, url: str) -> None:
        self._url = url

    def asked(self, expression: str) -> list[float]:
        """The values of all series that the expression has now."""
        return [float(found["value"][1]) for found in self._get("query", query=expression)["result"]]

    def firing(self) -> set[str]:
        """The alerts that would call somebody now, and those that wait for their time."""
        return {found["labels"]["alertname"] for found in self._get("alerts")["alerts"]}

    def is_ready(self) -> bool:
        try:
            return httpx2.get(f"{self._url}/-/ready", trust_env=False).status_code == 200
        except httpx2.TransportError:
            return False

    def _get(self, what: str, **parameters: str) -> Any:
        answer = httpx2.get(f"{self._url}/api/v1/{what}", params=parameters, trust_env=False)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]


@contextmanager
def watching(machine: Machine, folder: Path) -> Iterator[Prometheus]:
    """A Prometheus with our rules that scrapes the machine every second; skips where there is none."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("there is no prometheus: apt-get install prometheus")
    job = {
        "job_name": JOB,
        "scrape_interval": EVERY,
        "authorization": {"credentials": TOKEN},
        "static_configs": [{"targets": [f"127.0.0.1:{machine.web_port}"]}],
    }
    settings = {
        "global": {"evaluation_interval": EVERY},
        "rule_files": [str(RULES)],
        "scrape_configs": [job],
    }
    file = folder / "prometheus.yml"
    file.write_text(json.dumps(settings))  # JSON is YAML
    port = next_free(19300)
    argv = [program, f"--config.file={file}", f"--storage.tsdb.path={folder / 'samples'}"]
    argv.append(f"--web.listen-address=127.0.0.1:{port}")
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(launched(argv), stdout=log, stderr=log)
    try:
        prometheus = Prometheus(f"http://127.0.0.1:{port}")
        wait_for(prometheus.is_ready, 60)
        yield prometheus
    finally:
        process.terminate()
        process.wait(30)

"""What a machine's /metrics says, and whether Prometheus' own rules would call somebody for it."""

import json
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import httpx2
import pytest

from tests.faults.machine import ROOT, Machine

TOKEN = "a-token-for-metrics"
RULES = ROOT / "deploy" / "monitoring" / "alerts.yml"
JOB = "sessionscribe"
SCRAPE_SECONDS = 10.0  # as long as Prometheus waits by default
INSTANCES = ("api-1", "api-2")  # of several processes of the API each tells the same
MINUTES_BEFORE, MINUTES_AFTER = 10, 50
Scrape = dict[str, float]
FIRED = 'group by (alertname) (last_over_time(ALERTS{alertstate="firing"}[2h]))'


def scrape(machine: Machine) -> Scrape:
    """Every sample by its name and labels, and ``up`` as Prometheus adds it."""
    url = f"http://{machine.web_host}:{machine.web_port}/metrics"
    headers = {"Authorization": f"Bearer {TOKEN}"}
    try:
        page = httpx2.get(url, headers=headers, timeout=SCRAPE_SECONDS, trust_env=False)
    except httpx2.TransportError:
        return {"up": 0.0}
    assert page.status_code == 200, page.text
    lines = [line.rpartition(" ") for line in page.text.splitlines() if not line.startswith("#")]
    return {"up": 1.0} | {name: float(value) for name, _, value in lines}


def names_in(found: Iterable[str]) -> set[str]:
    """The names of samples without their labels."""
    return {sample.partition("{")[0] for sample in found}


def assert_that_fire(folder: Path, before: Scrape, after: Scrape, alerts: Iterable[str]) -> None:
    """That of all rules exactly these fire if ``before`` was so for ten minutes, and ``after`` for fifty."""
    series = [
        {"series": _labelled(name, instance), "values": f"{_values(before, name, MINUTES_BEFORE)} "
         f"{_values(after, name, MINUTES_AFTER)}"}
        for name in sorted({*before, *after})
        for instance in INSTANCES
    ]  # fmt: skip
    expected = [{"labels": f'{{alertname="{alert}"}}', "value": 1} for alert in alerts]
    question = {"expr": FIRED, "eval_time": "59m", "exp_samples": expected}
    case = {"interval": "1m", "input_series": series, "promql_expr_test": [question]}
    shutil.copy(RULES, folder)
    file = folder / "alerts.test.json"  # JSON is YAML
    file.write_text(json.dumps({"rule_files": [RULES.name], "evaluation_interval": "1m", "tests": [case]}))
    done = subprocess.run([promtool(), "test", "rules", file], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def promtool() -> str:
    """The program; skips the test where it is not."""
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("there is no promtool: apt-get install prometheus")
    return found


def _labelled(sample: str, instance: str) -> str:
    name, _, labels = sample.partition("{")
    return f'{name}{{job="{JOB}",instance="{instance}"{"," if labels else ""}{labels or "}"}'


def _values(found: Scrape, name: str, minutes: int) -> str:
    return f"{found[name]!r}x{minutes - 1}" if name in found else f"_x{minutes}"

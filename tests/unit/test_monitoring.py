"""The alerts and the dashboard: each alert fires when its fault is there, and none when all is well."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "deploy" / "monitoring"
ALERTS = FOLDER / "alerts.yml"
PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed (Debian: prometheus)")


def promtool(*words: str) -> subprocess.CompletedProcess[str]:
    assert PROMTOOL is not None
    return subprocess.run([PROMTOOL, *words], cwd=FOLDER, capture_output=True, text=True, check=False)


def expressions() -> list[str]:
    dashboard = json.loads((FOLDER / "dashboard.json").read_text())
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


@needs_promtool
def test_each_alert_fires_with_its_fault_and_none_when_all_is_well() -> None:
    assert promtool("check", "rules", ALERTS.name).returncode == 0
    done = promtool("test", "rules", "alerts.test.yml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_a_test_that_causes_it() -> None:
    alerts = re.findall(r"- alert: (\w+)", ALERTS.read_text())
    fired = re.findall(r"alertname: (\w+)\n\s+exp_alerts:\n", (FOLDER / "alerts.test.yml").read_text())
    assert len(alerts) >= 10
    assert sorted(fired) == sorted(alerts)


@needs_promtool
def test_a_mended_threshold_would_be_noticed(tmp_path: Path) -> None:
    for name in ("alerts.yml", "alerts.test.yml"):
        text = (
            (FOLDER / name)
            .read_text()
            .replace("oldest_waiting_seconds) > 900", "oldest_waiting_seconds) > 9e9")
        )
        (tmp_path / name).write_text(text)
    assert promtool("test", "rules", str(tmp_path / "alerts.test.yml")).returncode != 0


@needs_promtool
def test_the_dashboard_asks_what_prometheus_understands(tmp_path: Path) -> None:
    rules = [{"record": f"panel:{number}", "expr": expr} for number, expr in enumerate(expressions())]
    path = tmp_path / "panels.yml"
    path.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))  # YAML holds JSON
    assert promtool("check", "rules", str(path)).returncode == 0
    assert len(rules) > 12


def test_no_alert_names_a_person_or_a_practice() -> None:
    labels = re.compile(r"practice|therapist|patient|session_id")
    for text in (ALERTS.read_text(), *expressions()):
        assert not labels.search(re.sub(r'"(summary|action)": .*|summary: .*|action: .*', "", text))

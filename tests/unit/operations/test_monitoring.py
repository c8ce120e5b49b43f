"""The alerts and the dashboard are whole; that each alert fires with its fault is for tests/fleet."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

DEPLOY = Path(__file__).parents[3] / "deploy"
FOLDER = DEPLOY / "monitoring"
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
def test_prometheus_understands_the_rules() -> None:
    assert promtool("check", "rules", ALERTS.name).returncode == 0


def test_every_alert_says_what_to_do_and_has_a_test_that_causes_its_fault() -> None:
    (group,) = yaml.safe_load(ALERTS.read_text())["groups"]
    tests = (FOLDER.parents[1] / "tests" / "fleet" / "test_alerts.py").read_text()
    for rule in group["rules"]:
        assert f'fires("{rule["alert"]}"' in tests, rule["alert"]
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["action"]
    assert len(group["rules"]) >= 10


@needs_promtool
@pytest.mark.parametrize(("asked", "least"), [("dashboard", 13), ("autoscaler", 3)])
def test_what_is_asked_of_prometheus_it_understands(tmp_path: Path, asked: str, least: int) -> None:
    questions = expressions() if asked == "dashboard" else triggers()
    rules = [{"record": f"asked:{number}", "expr": expr} for number, expr in enumerate(questions)]
    path = tmp_path / "asked.yml"
    path.write_text(json.dumps({"groups": [{"name": "asked", "rules": rules}]}))  # YAML holds JSON
    assert promtool("check", "rules", str(path)).returncode == 0
    assert len(rules) >= least


def triggers() -> list[str]:
    """What KEDA asks before it scales a pool."""
    objects = yaml.safe_load_all((DEPLOY / "kubernetes" / "autoscaling-keda.yaml").read_text())
    return [trigger["metadata"]["query"] for scaled in objects for trigger in scaled["spec"]["triggers"]]


def operators_table() -> str:
    """The alerts as docs/operations.md lists them."""
    (group,) = yaml.safe_load(ALERTS.read_text())["groups"]
    lines = ["| alert | fires when | for | severity | means | what to do |", "|---|---|---|---|---|---|"]
    for rule in group["rules"]:
        when = " ".join(rule["expr"].split()).replace("|", r"\|")
        notes = rule["annotations"]
        lines.append(
            f"| `{rule['alert']}` | `{when}` | {rule['for']} | {rule['labels']['severity']} "
            f"| {notes['summary']} | {notes['action']} |"
        )
    return "\n".join(lines)


def test_the_operators_table_is_that_of_the_alerts() -> None:
    written = (DEPLOY.parent / "docs" / "operations.md").read_text()
    assert operators_table() in written, f"put this into docs/operations.md:\n{operators_table()}"


def test_no_alert_names_a_person_or_a_practice() -> None:
    labels = re.compile(r"practice|therapist|patient|session_id")
    for text in (ALERTS.read_text(), *expressions()):
        assert not labels.search(re.sub(r'"(summary|action)": .*|summary: .*|action: .*', "", text))

"""The audit finds what it is for, and says what it could not ask instead of finding nothing."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from audit import supply_chain
from audit.supply_chain import CONTROL, LOCKS, Report
from shared.services.accounts import credentials

ROOT = Path(__file__).parents[3]
Answer = Callable[[str, tuple[str, ...]], str]


def tools(answer: Answer) -> supply_chain.Runner:
    """Tools that say what ``answer`` gives."""

    def run(tool: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.CompletedProcess([tool], 0, answer(tool, arguments), "")

    return run  # type: ignore[return-value]


def dependencies(*holes: tuple[str, str]) -> str:
    return json.dumps({"dependencies": [{"name": name, "vulns": [{"id": hole}]} for name, hole in holes]})


def audited(tmp_path: Path, of_control: str, of_locks: str) -> Report:
    report = Report()
    control = str(tmp_path / "control.txt")
    run = tools(lambda _, arguments: of_control if control in arguments else of_locks)
    supply_chain.vulnerabilities(tmp_path, run, report)
    return report


def test_a_database_that_does_not_answer_is_not_taken_for_a_clean_one(tmp_path: Path) -> None:
    report = audited(tmp_path, "no connection", dependencies())
    assert len(report.not_asked) == 2
    assert (report.findings, report.exit_code) == ([], 3)


def test_a_database_that_does_not_know_a_certain_hole_is_not_believed(tmp_path: Path) -> None:
    report = audited(tmp_path, dependencies(), dependencies())
    assert all(CONTROL in line for line in report.not_asked)
    assert report.exit_code == 3


def test_a_hole_is_found(tmp_path: Path) -> None:
    report = audited(tmp_path, dependencies(("flower", "CVE-2022-30034")), dependencies(("flask", "CVE-1")))
    assert len(report.findings) == 2 * len(LOCKS)
    assert report.exit_code == 1


def test_nothing_found_is_green_only_if_all_was_asked(tmp_path: Path) -> None:
    assert audited(tmp_path, dependencies(("flower", "CVE-2022-30034")), dependencies()).exit_code == 0


def test_one_of_our_keys_in_a_file_is_found_and_a_made_up_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supply_chain, "ROOT", tmp_path)
    key = credentials.mint(credentials.ENROLMENT).secret
    (tmp_path / "leak.md").write_text(f"use {key}")
    (tmp_path / "fine.md").write_text("use ssk_000000000000_" + "0" * 38)
    report = Report()
    files = [tmp_path / "leak.md", tmp_path / "fine.md"]
    supply_chain.secrets(files, tools(lambda *_: json.dumps({"results": {}})), report)
    assert report.findings == ["secret in leak.md: a key of sessionscribe"]


def test_a_secret_of_others_is_found() -> None:
    results = {"deploy/x": [{"line_number": 3, "type": "Private Key"}]}
    report = Report()
    supply_chain.secrets([], tools(lambda *_: json.dumps({"results": results})), report)
    assert report.findings == ["secret in deploy/x:3: Private Key"]


def test_every_package_that_is_locked_and_installed_declares_a_licence_for_services() -> None:
    report = Report()
    found = supply_chain.licences(supply_chain.locked(LOCKS), report)
    assert len(found) > 80
    assert report.findings == []


def test_the_licence_is_apaches_and_named_in_the_package() -> None:
    assert "Apache License" in (ROOT / "LICENSE").read_text()
    assert 'license = "Apache-2.0"' in (ROOT / "pyproject.toml").read_text()


def test_everything_that_runs_is_sent_to_the_image() -> None:
    sent = (ROOT / ".dockerignore").read_text().splitlines()
    include = (ROOT / "pyproject.toml").read_text().partition("include = [")[2].partition("]")[0]
    packages = {word.strip().strip('"').rstrip("*") for word in include.split(",")}
    assert {f"!{package}" for package in packages} <= set(sent)

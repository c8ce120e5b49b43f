"""The commands ``holds`` against a server at the wire."""

import json
from pathlib import Path
from uuid import uuid4

import pytest

from cli.app import run
from cli.exits import Exit
from tests.fakes.api_server import FakeApi, Reply, problem
from tests.integration.test_cli_commands import data, no_settings_from_outside, server  # noqa: F401 - fixtures

HOLD = {
    "id": str(uuid4()),
    "patient_id": str(uuid4()),
    "session_id": None,
    "matter": "A v. B\x1b[31m",
    "reason": "Subpoena",
    "review_on": "2100-01-01",
    "review_due": False,
    "lift_asked_by": None,
    "lift_asked_at": None,
    "lifted_at": None,
}


def command(folder: Path, *words: str) -> int:
    return run(["--data", str(folder), "holds", *words])


def test_a_hold_is_placed_listed_and_lifted(
    server: FakeApi,  # noqa: F811
    data: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    server.will("POST /api/holds", Reply(201, HOLD))
    server.will("GET /api/holds", Reply(200, [HOLD]), Reply(200, [HOLD]), Reply(200, [HOLD]))
    patient, matter = str(HOLD["patient_id"]), ("--matter", "A v. B", "--reason", "Subpoena")
    assert command(data, "place", "--patient", patient, *matter, "--review", "2100-01-01") == Exit.OK
    assert json.loads(server.received[-1].body) == {
        "patient_id": patient,
        "matter": "A v. B",
        "reason": "Subpoena",
        "review_on": "2100-01-01",
    }
    assert command(data, "list") == Exit.OK
    assert "\x1b" not in capsys.readouterr().out
    path = f"/api/holds/{HOLD['id']}"
    server.will(f"POST {path}/lift", Reply(200, {**HOLD, "lift_asked_at": "2026-01-01T00:00:00Z"}))
    assert command(data, "lift", str(HOLD["id"])[:8]) == Exit.OK
    assert "holds confirm" in capsys.readouterr().err
    server.will(f"POST {path}/lift/confirm", problem(409, "another_administrator", "You asked yourself."))
    assert command(data, "confirm", str(HOLD["id"])) != Exit.OK
    server.will(f"DELETE {path}/lift", Reply(200, HOLD))
    assert command(data, "keep", str(HOLD["id"])) == Exit.OK
    server.will(f"PATCH {path}", Reply(200, HOLD))
    assert command(data, "review", str(HOLD["id"]), "2100-02-01") == Exit.OK
    assert json.loads(server.received[-1].body) == {"review_on": "2100-02-01"}


def test_a_hold_is_on_a_patient_or_on_a_session(data: Path) -> None:  # noqa: F811
    words = ("place", "--matter", "A", "--reason", "B", "--review", "2100-01-01")
    assert command(data, *words) == Exit.USAGE
    both = ("--patient", str(uuid4()), "--session", str(uuid4()))
    assert command(data, *words, *both) == Exit.USAGE

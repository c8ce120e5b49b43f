"""The commands ``holds``, ``retention`` and ``patients delete`` against a server at the wire."""

import json
from pathlib import Path
from uuid import uuid4

import pytest

from cli.app import run
from cli.exits import Exit
from tests.fakes.api_server import FakeApi, Reply, problem
from tests.integration.cli.test_cli_commands import data, no_settings_from_outside, server  # noqa: F401 - fixtures

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


def test_rules_are_set_listed_and_previewed(
    server: FakeApi,  # noqa: F811
    data: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    def retention(*words: str) -> int:
        return run(["--data", str(data), "retention", *words])

    rule = {"kind": "recording", "event": "signed", "days": 0, "grace_days": 2, "suspended_at": None}
    server.will("PUT /api/retention/rules/recording", Reply(200, rule))
    words = ("set", "recording", "--days", "0", "--after", "signed", "--grace", "2")
    assert retention(*words) == Exit.USAGE, "it asks first"
    assert retention(*words, "--yes") == Exit.OK
    assert json.loads(server.received[-1].body) == {"event": "signed", "days": 0, "grace_days": 2}
    server.will(
        "GET /api/retention/rules", Reply(200, [rule, {**rule, "suspended_at": "2026-01-01T00:00:00Z"}])
    )
    assert retention("list") == Exit.OK
    assert "suspended" in capsys.readouterr().out
    item = {
        "kind": "recording",
        "session_id": str(uuid4()),
        "event_at": "2026-01-01T00:00:00Z",
        "remove_at": "2026-01-03T00:00:00Z",
        "on_hold": True,
        "kept_until": None,
    }
    found = {"due": [item], "without_birth_year": {"session": 3}, "is_cut": False}
    server.will("GET /api/retention/preview", Reply(200, found))
    assert retention("preview", "--days", "30") == Exit.OK
    assert server.received[-1].query == {"days": "30"}
    shown = capsys.readouterr()
    assert "a legal hold" in shown.out
    assert "3 x session" in shown.err
    server.will("DELETE /api/retention/rules/recording", Reply(204))
    assert retention("remove", "recording") == Exit.OK
    patient = server.patients[0]["id"]
    said = {"birth_year": 2011, "keep_until": None}
    server.will(f"PUT /api/patients/{patient}/retention", Reply(200, said))
    assert retention("patient", "Pat Ient", "--birth-year", "2011") == Exit.OK
    assert json.loads(server.received[-1].body) == said


def test_a_patient_is_deleted_and_the_receipt_kept(
    server: FakeApi,  # noqa: F811
    data: Path,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = f"/api/patients/{server.patients[0]['id']}"
    server.will(f"DELETE {path}", Reply(202, {"receipt": {"complete": False}, "signature": "x"}))
    words = ["--data", str(data), "patients", "delete", "Pat Ient", "--signed-notes"]
    assert run(words) == Exit.USAGE, "it asks first"
    kept = tmp_path / "receipt.json"
    assert run([*words, "--yes", "--receipt", str(kept)]) == Exit.OK
    assert server.received[-1].query == {"records": "delete", "signed_notes": "delete"}
    assert json.loads(kept.read_text())["signature"] == "x"
    assert "Something is left" in capsys.readouterr().err

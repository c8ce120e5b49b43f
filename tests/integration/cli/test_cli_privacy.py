"""The commands of the privacy programme against a server at the wire."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.app import run
from cli.exits import Exit
from cli.profile import Profile
from tests.fakes.api_server import ADMINISTRATOR_KEY, DAY, KEY, FakeApi, Reply, problem

REQUEST = {
    "id": "0", "kind": "access", "status": "open", "session_id": None, "words": "All of it.", "answer": None,
    "received_at": DAY, "due_at": DAY, "decided_at": None,
}  # fmt: skip
Shown = pytest.CaptureFixture[str]
CONSENTS = {
    "people": [
        {"id": None, "name": None, "left_at": None, "states": {"recording": "in_force", "ai_notes": "none"}}
    ],
    "allowed": {},
    "history": [
        {
            "number": 1, "participant_id": None, "scope": "recording", "event": "given", "on": DAY,
            "method": "written", "expires_on": None, "text_sha256": "ab" * 32, "text": None,
            "recorded_at": DAY, "recorded_by": None,
        }
    ],
}  # fmt: skip


@pytest.fixture
def server() -> Iterator[FakeApi]:
    with FakeApi() as fake:
        fake.add_patient("Pat Ient")
        yield fake


@pytest.fixture
def data(server: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("SESSIONSCRIBE_URL", "SESSIONSCRIBE_API_KEY", "SESSIONSCRIBE_DATA", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    Profile(server.url, KEY, ADMINISTRATOR_KEY).save(tmp_path)
    return tmp_path


def command(data: Path, *words: object) -> int:
    return run(["--data", str(data), *map(str, words)])


def sent(server: FakeApi) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(server.received[-1].body)
    return found


def test_consent_is_given_by_scope_with_the_words_agreed_to(
    server: FakeApi, data: Path, tmp_path: Path, capsys: Shown
) -> None:
    words = tmp_path / "words.txt"
    words.write_text("You may record us.", encoding="utf-8")
    path = f"/api/patients/{server.patients[0]['id']}/consents"
    server.will(f"POST {path}", Reply(201, CONSENTS))
    scope = ("--scope", "recording", "--method", "written", "--text", words, "--on", "2026-01-05")
    assert command(data, "consents", "give", "Pat Ient", *scope) == Exit.OK
    assert sent(server) == {
        "event": "given", "scopes": ["recording"], "method": "written", "text": "You may record us.",
        "on": "2026-01-05",
    }  # fmt: skip
    shown = capsys.readouterr().out
    assert "the patient" in shown
    assert "in_force" in shown
    assert "given" in shown


def test_a_withdrawal_of_the_recording_is_asked_for_and_of_another_scope_is_not(
    server: FakeApi, data: Path
) -> None:
    path = f"/api/patients/{server.patients[0]['id']}/consents"
    assert command(data, "consents", "withdraw", "Pat Ient") == Exit.USAGE  # no terminal to ask at
    server.will(f"POST {path}", Reply(201, CONSENTS))
    assert command(data, "consents", "withdraw", "Pat Ient", "--scope", "sending_away") == Exit.OK
    assert sent(server) == {"event": "withdrawn", "scopes": ["sending_away"]}


def test_participants_come_and_go(server: FakeApi, data: Path, capsys: Shown) -> None:
    path = f"/api/patients/{server.patients[0]['id']}"
    server.will(f"POST {path}/participants", Reply(201, CONSENTS))
    assert command(data, "consents", "add-participant", "Pat Ient", "Other Half", "--json") == Exit.OK
    assert sent(server) == {"name": "Other Half"}
    assert json.loads(capsys.readouterr().out) == CONSENTS
    server.will(f"DELETE {path}/participants/0", Reply(204))
    assert command(data, "consents", "remove-participant", "Pat Ient", "0") == Exit.OK
    server.will(f"GET {path}/consents", Reply(200, CONSENTS))
    assert command(data, "consents", "show", "Pat Ient") == Exit.OK


def test_requests_are_noted_listed_and_decided(server: FakeApi, data: Path, capsys: Shown) -> None:
    path = f"/api/patients/{server.patients[0]['id']}/requests"
    server.will(f"POST {path}", Reply(201, REQUEST))
    assert command(data, "rights", "ask", "Pat Ient", "--kind", "access", "--text", "All of it.") == Exit.OK
    assert sent(server) == {"kind": "access", "words": "All of it."}
    server.will(f"GET {path}", Reply(200, [REQUEST]))
    assert command(data, "rights", "list", "Pat Ient") == Exit.OK
    assert "access" in capsys.readouterr().out
    server.will(f"POST {path}/0/decision", Reply(200, REQUEST))
    words = ("--status", "denied", "--answer", "It would harm.")
    assert command(data, "rights", "decide", "Pat Ient", "0", *words) == Exit.OK
    assert sent(server) == {"status": "denied", "answer": "It would harm."}


def test_a_package_is_written_for_you_alone_and_its_password_is_shown_once(
    server: FakeApi, data: Path, tmp_path: Path, capsys: Shown
) -> None:
    path = f"/api/patients/{server.patients[0]['id']}/packages"
    server.will(f"POST {path}", Reply(202, {"id": "7", "state": "waiting"}))
    states = [{"state": "preparing", "parts_done": 1, "parts_total": 2}, {"state": "ready"}]
    server.will(f"GET {path}/7", *[Reply(200, {"id": "7", **state}) for state in states])
    server.will(f"GET {path}/7/file", Reply(200, {"a": "file"}))
    output = tmp_path / "record.zip"
    assert command(data, "rights", "package", "Pat Ient", "-o", output) == Exit.OK
    assert json.loads(output.read_bytes()) == {"a": "file"}
    assert output.stat().st_mode & 0o777 == 0o600
    password = next(json.loads(one.body) for one in server.received if b"password" in one.body)["password"]
    assert len(password) >= 20
    assert password in capsys.readouterr().err
    assert command(data, "rights", "package", "Pat Ient", "-o", output) == Exit.USAGE
    assert output.exists()
    server.will(f"POST {path}", problem(403, "scope_missing", "No."))
    assert command(data, "rights", "package", "Pat Ient", "-o", tmp_path / "other.zip") != Exit.OK
    assert not (tmp_path / "other.zip").exists()


def test_a_package_that_fails_leaves_no_file(server: FakeApi, data: Path, tmp_path: Path) -> None:
    path = f"/api/patients/{server.patients[0]['id']}/packages"
    server.will(f"POST {path}", Reply(202, {"id": "7", "state": "waiting"}))
    server.will(f"GET {path}/7", Reply(200, {"id": "7", "state": "failed"}))
    output = tmp_path / "record.zip.age"
    words = ("--recipient", "age1qqqq", "-o", output)
    assert command(data, "rights", "package", "Pat Ient", *words) == Exit.FAILED
    assert not output.exists()


def test_consent_that_is_heard_is_listed_and_attached(server: FakeApi, data: Path, capsys: Shown) -> None:
    passage = {
        "start": 65.0, "end": 70.0, "asked": "Okay to record?", "asked_by": "A", "given": "Sure.",
        "given_by": "B", "attached": False,
    }  # fmt: skip
    path = "/api/sessions/0/consent-heard"
    server.will(f"GET {path}", *[Reply(200, {"passages": [passage]})] * 3)
    assert command(data, "consents", "heard", "0") == Exit.OK
    assert "1:05" in capsys.readouterr().out
    server.will(f"POST {path}", Reply(201, {"passages": [passage | {"attached": True}]}))
    assert command(data, "consents", "heard", "0", "--attach", "1") == Exit.OK
    assert sent(server) == {"start": 65.0}
    assert command(data, "consents", "heard", "0", "--attach", "2") == Exit.USAGE


def test_records_are_flagged_for_part_2(server: FakeApi, data: Path) -> None:
    path = f"/api/patients/{server.patients[0]['id']}"
    server.will(f"PUT {path}/part2", Reply(200, {"is_part2": True}))
    assert command(data, "consents", "protect", "Pat Ient") == Exit.OK
    assert sent(server) == {"is_part2": True}
    server.will("PUT /api/sessions/0/part2", Reply(200, {"is_part2": False}))
    assert command(data, "consents", "protect", "Pat Ient", "--session", "0", "--off") == Exit.OK
    assert sent(server) == {"is_part2": False}


ACCESS = {
    "id": "0", "patient_id": "1", "owner_id": "2", "therapist_id": "3", "therapist": "Colleague",
    "reason": "Found unconscious.", "started_at": DAY, "until_at": DAY, "ended_at": None, "seen_at": None,
    "lasts": True,
}  # fmt: skip


def test_a_colleagues_patient_is_opened_read_and_closed(server: FakeApi, data: Path, capsys: Shown) -> None:
    path = "/api/emergency-access"
    server.will(f"POST {path}", Reply(201, ACCESS), Reply(201, ACCESS))
    assert command(data, "emergency", "begin", "Pat Ient", "--reason", "Found unconscious.") == Exit.OK
    assert sent(server) == {"name": "Pat Ient", "reason": "Found unconscious."}
    patient_id = server.patients[0]["id"]
    assert command(data, "emergency", "begin", patient_id, "--reason", "Found unconscious.") == Exit.OK
    assert sent(server)["patient_id"] == patient_id
    server.will(f"GET {path}", Reply(200, [ACCESS]))
    assert command(data, "emergency", "list") == Exit.OK
    assert "Colleague" in capsys.readouterr().out
    server.will(f"GET {path}/0/sessions", Reply(200, []))
    server.will(f"GET {path}/0/sessions/1", Reply(200, {"id": "1"}))
    assert command(data, "emergency", "read", "0") == Exit.OK
    assert command(data, "emergency", "read", "0", "--session", "1") == Exit.OK
    for verb in ("end", "seen"):
        server.will(f"POST {path}/0/{verb}", Reply(204))
        assert command(data, "emergency", verb, "0") == Exit.OK

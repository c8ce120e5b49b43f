"""The commands of the privacy programme against a server at the wire."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.app import run
from cli.exits import Exit
from cli.profile import Profile
from tests.fakes.api_server import ADMINISTRATOR_KEY, DAY, KEY, FakeApi, Reply

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

"""Preferences on the command line, against an API that only pretends."""

import json
from pathlib import Path

import pytest

from cli.app import run
from cli.exits import Exit
from cli.profile import Profile
from tests.fakes.api_server import ADMINISTRATOR_KEY, KEY, FakeApi, Reply

PATH = "/api/preferences"


def test_they_are_shown_and_only_what_is_given_is_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with FakeApi() as server:
        server.will(f"GET {PATH}", Reply(200, {"theme": "system", "playback_speed": 1.0}))
        server.will(f"PATCH {PATH}", Reply(200, {"theme": "dark", "playback_speed": 1.0}))
        Profile(server.url, KEY, ADMINISTRATOR_KEY).save(tmp_path)
        start = ["--data", str(tmp_path), "preferences"]
        assert run(start) == Exit.OK
        assert "theme: system" in capsys.readouterr().out
        assert run([*start, "--theme", "dark"]) == Exit.OK
        assert "theme: dark" in capsys.readouterr().out
        assert run([*start, "--theme", "pink"]) == Exit.USAGE
        sent = [json.loads(request.body) for request in server.received if request.method == "PATCH"]
    assert sent == [{"theme": "dark"}]

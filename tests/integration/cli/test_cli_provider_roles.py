"""Roles by the provider, on the command line, against an API that only pretends."""

import json
from pathlib import Path

import pytest

from cli.app import run
from cli.exits import Exit
from cli.profile import Profile
from tests.fakes.api_server import ADMINISTRATOR_KEY, KEY, FakeApi, Reply

PATH = "/api/practice/provider-roles"
SET = {"claim": "groups", "therapists": "clinicians", "administrators": None}


def test_roles_are_shown_set_and_switched_off(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with FakeApi() as server:
        server.will(f"GET {PATH}", Reply(200, SET))
        for _ in range(2):
            server.will(f"PUT {PATH}", Reply(200, SET))
        Profile(server.url, KEY, ADMINISTRATOR_KEY).save(tmp_path)
        start = ["--data", str(tmp_path), "therapists", "provider-roles"]
        assert run(start) == Exit.OK
        assert "therapists: clinicians" in capsys.readouterr().out
        assert run([*start, "--claim", "groups", "--therapists", "clinicians"]) == Exit.OK
        assert run([*start, "--off"]) == Exit.OK
        assert run([*start, "--claim", "groups"]) == Exit.USAGE
        sent = [json.loads(request.body) for request in server.received if request.method == "PUT"]
    assert sent == [SET, {"claim": None, "therapists": None, "administrators": None}]

"""Who spoke, and what needs review, on the command line."""

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from cli.app import run
from cli.exits import Exit
from tests.fakes.api_server import FakeApi, Reply

SESSION = str(uuid4())
PATH = f"/api/sessions/{SESSION}/speakers"
HEARD = {
    "speakers": [
        {"label": "Speaker 1", "shown_as": "Dr. Roe", "name": "Dr. Roe", "role": "therapist",
         "confidence": 1.0, "confirmed": True, "seconds": 61.0, "words": 100},
        {"label": "Speaker 2", "shown_as": "Speaker 2", "name": None, "role": "client",
         "confidence": 0.85, "confirmed": False, "seconds": 30.0, "words": 50},
    ],
    "extracting_notes": False,
}  # fmt: skip


@pytest.fixture
def server() -> Iterator[FakeApi]:
    with FakeApi() as fake:
        yield fake


def command(data: Path, *words: str) -> int:
    return run(["--data", str(data), *words])


def sent(server: FakeApi) -> dict[str, object]:
    return next(json.loads(r.body) for r in server.received if r.method == "PUT")


def test_speakers_are_shown_with_what_is_proposed_and_what_is_known(server, data, capsys):
    server.will(f"GET {PATH}", Reply(200, HEARD))
    assert command(data, "speakers", SESSION) == Exit.OK
    out = capsys.readouterr().out
    assert "Dr. Roe" in out
    assert "client? (85%)" in out


def test_what_changes_is_sent_with_what_was_known(server, data):
    server.will(f"GET {PATH}", Reply(200, HEARD))
    server.will(f"PUT {PATH}", Reply(200, HEARD))
    assert command(data, "speakers", SESSION, "--client", "2", "--name", "Speaker 1=Dr. Doe") == Exit.OK
    assert sent(server) == {
        "speakers": [
            {"label": "Speaker 2", "role": "client", "name": None},
            {"label": "Speaker 1", "role": "therapist", "name": "Dr. Doe"},
        ]
    }


def test_a_name_without_its_label_is_a_usage_error(server, data):
    server.will(f"GET {PATH}", Reply(200, HEARD))
    assert command(data, "speakers", SESSION, "--name", "Dr. Doe") == Exit.USAGE

"""What is not finished, on the command line: listed and discarded, against an API that only pretends."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.app import run
from cli.exits import Exit
from tests.fakes.api_server import FakeApi, Reply

ID = "11111111-1111-4111-8111-111111111111"
DAY = "2026-03-02T09:00:00Z"
UPLOADS = [{"id": ID, "patient_id": ID, "offset": 5, "length": None, "expires_at": DAY}]
EDITS = [{"session_id": ID, "session_date": DAY, "saved_at": DAY}]


@pytest.fixture
def server() -> Iterator[FakeApi]:
    with FakeApi() as fake:
        for _ in range(2):
            fake.will("GET /api/uploads", Reply(200, UPLOADS))
            fake.will("GET /api/unsaved-edits", Reply(200, EDITS))
        fake.will(f"POST /api/uploads/{ID}/finish", Reply(202, {"id": ID}))
        fake.will(f"DELETE /api/uploads/{ID}", Reply(204, None))
        fake.will(f"DELETE /api/sessions/{ID}/notes/unsaved", Reply(204, None))
        yield fake


def unfinished(data: Path, *words: str) -> int:
    return run(["--data", str(data), "unfinished", *words])


def test_uploads_and_edits_are_listed(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert unfinished(data, "list") == Exit.OK
    assert "5 of unknown bytes" in " ".join(capsys.readouterr().out.split())
    assert unfinished(data, "list", "--json") == Exit.OK
    assert json.loads(capsys.readouterr().out) == {"uploads": UPLOADS, "edits": EDITS}


def test_a_session_is_made_of_what_was_cut_off(
    server: FakeApi, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert unfinished(data, "finish-upload", ID) == Exit.OK
    assert capsys.readouterr().out.strip() == ID


def test_each_is_discarded_by_its_id(server: FakeApi, data: Path) -> None:
    assert unfinished(data, "discard-upload", ID) == Exit.OK
    assert unfinished(data, "discard-edit", ID) == Exit.OK
    sent = [request for request in server.received if request.method == "DELETE"]
    assert [request.path for request in sent] == [f"/api/uploads/{ID}", f"/api/sessions/{ID}/notes/unsaved"]
    assert {name.lower(): value for name, value in sent[0].headers.items()}["tus-resumable"] == "1.0.0"

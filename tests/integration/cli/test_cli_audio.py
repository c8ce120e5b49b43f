"""``sessionscribe audio``: the recording comes whole, or not at all."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.app import run
from cli.exits import Exit
from cli.profile import Profile
from tests.fakes.api_server import ADMINISTRATOR_KEY, KEY, FakeApi, Reply, problem

CONTENT = bytes(range(256)) * 2000


@pytest.fixture
def server() -> Iterator[FakeApi]:
    with FakeApi() as fake:
        yield fake


@pytest.fixture
def data(server: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("SESSIONSCRIBE_URL", "SESSIONSCRIBE_API_KEY", "SESSIONSCRIBE_DATA"):
        monkeypatch.delenv(name, raising=False)
    Profile(server.url, KEY, ADMINISTRATOR_KEY).save(tmp_path)
    return tmp_path


def session_of(server: FakeApi, content: bytes = CONTENT) -> str:
    facts = {"audio_sha256": hashlib.sha256(content).hexdigest(), "audio_bytes": len(content)}
    return str(server.add_session(**facts)["id"])


def fetch(data: Path, session_id: str, path: Path) -> int:
    return run(["--data", str(data), "audio", session_id, "--output", str(path)])


def test_a_recording_is_fetched_for_its_owners_eyes_alone(server: FakeApi, data: Path) -> None:
    session_id, path = session_of(server), data / "out.wav"
    server.will(f"GET /api/sessions/{session_id}/audio", Reply(200, CONTENT))
    assert fetch(data, session_id, path) == Exit.OK
    assert path.read_bytes() == CONTENT
    assert path.stat().st_mode & 0o077 == 0


def test_it_goes_on_where_the_connection_broke(server: FakeApi, data: Path) -> None:
    session_id, path = session_of(server), data / "out.wav"
    call = f"GET /api/sessions/{session_id}/audio"
    server.will(call, Reply(200, CONTENT, cut_after=300_000), Reply(206, CONTENT[300_000:]))
    assert fetch(data, session_id, path) == Exit.OK
    assert path.read_bytes() == CONTENT
    assert server.received[-1].headers["range"] == "bytes=300000-"


def test_what_is_not_what_was_uploaded_is_not_kept(
    server: FakeApi, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    session_id, path = session_of(server), data / "out.wav"
    server.will(f"GET /api/sessions/{session_id}/audio", Reply(200, CONTENT[:-1] + b"x"))
    assert fetch(data, session_id, path) == Exit.FAILED
    assert not path.exists()
    assert "(another hash)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (problem(410, "audio_removed", "The recording was removed by retention."), Exit.NOT_FOUND),
        (problem(403, "scope_missing", "This key may not."), Exit.NOT_ALLOWED),
    ],
)
def test_a_refusal_is_told_and_leaves_no_file(
    server: FakeApi, data: Path, capsys: pytest.CaptureFixture[str], reply: Reply, code: Exit
) -> None:
    session_id, path = session_of(server), data / "out.wav"
    server.will(f"GET /api/sessions/{session_id}/audio", reply)
    assert fetch(data, session_id, path) == code
    assert not path.exists()
    assert reply.body["detail"] in capsys.readouterr().err


def test_an_existing_file_is_not_replaced(
    server: FakeApi, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    session_id, path = session_of(server), data / "out.wav"
    path.write_bytes(b"mine")
    assert fetch(data, session_id, path) == Exit.USAGE
    assert path.read_bytes() == b"mine"
    assert "exists" in capsys.readouterr().err

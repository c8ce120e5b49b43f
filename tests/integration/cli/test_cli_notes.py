"""``sessionscribe notes`` against the real application on a socket."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import click
import pytest
from structlog.testing import capture_logs
from werkzeug.serving import make_server

from cli.app import run
from cli.exits import Exit
from cli.profile import Profile
from shared.services.accounts import accounts, people
from shared.services.resources import Resources
from tests.fakes.terminal import Terminal
from tests.integration.api_client import app_of
from tests.integration.notes_calls import (
    EVERYTHING,
    Clinician,
    colleague,
    offer_notes,
)
from tests.servers import Office

Notes = Callable[..., int]


@pytest.fixture
def data(
    resources: Resources, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A data folder whose profile leads to the application; it is also the working folder."""
    for name in ("SESSIONSCRIBE_URL", "SESSIONSCRIBE_API_KEY", "SESSIONSCRIBE_DATA", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    practice = office.caller.practice_id
    boss = people.create(resources, office.caller, "Ad Min", "administrator")
    key = accounts.create_key(resources, practice, office.caller.therapist_id, EVERYTHING)[1]
    administrator_key = accounts.create_key(resources, practice, boss.id, None)[1]
    server = make_server("127.0.0.1", 0, app_of(resources), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    folder = tmp_path / "cli"
    folder.mkdir()
    monkeypatch.chdir(folder)
    Profile(f"http://127.0.0.1:{server.server_port}", key, administrator_key).save(folder)
    with capture_logs():  # else the application's log is in what the commands print
        yield folder
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def notes(data: Path) -> Notes:
    return lambda *words: run(["--data", str(data), "notes", *map(str, words)])


def editor(monkeypatch: pytest.MonkeyPatch, change: Callable[[str], str | None]) -> None:
    monkeypatch.setattr(click, "edit", lambda text, **_: change(text))


def summary(words: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        document = json.loads(text)
        document["extracted_notes"]["topic_summary"] = words
        return json.dumps(document)

    return change


def test_an_edit_in_the_editor_is_a_version_that_can_be_read_listed_and_compared(
    notes: Notes,
    session_id: UUID,
    me: Clinician,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    editor(monkeypatch, summary("He came in anxious."))
    assert notes("edit", session_id) == Exit.OK
    assert "version 2 (draft)" in capsys.readouterr().err
    assert notes("show", session_id) == Exit.OK
    shown = capsys.readouterr().out
    assert "Version 2, edit, draft" in shown
    assert "He came in anxious." in shown
    assert notes("versions", session_id) == Exit.OK
    listed = capsys.readouterr().out
    assert str(me.id) not in listed  # authors have names
    assert [line.split()[:3] for line in listed.splitlines() if line.strip()[:1].isdigit()] == [
        ["1", "draft", "superseded"],
        ["2", "edit", "draft"],
    ]
    assert notes("diff", session_id) == Exit.OK
    assert "+ He came in anxious." in capsys.readouterr().out
    assert notes("show", session_id, "--version", 1, "--format", "md") == Exit.OK
    assert "He came in anxious." not in capsys.readouterr().out


def test_an_edit_that_meets_anothers_changes_nothing_and_is_kept(
    notes: Notes,
    me: Clinician,
    session_id: UUID,
    data: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def meanwhile(text: str) -> str:
        assert me.put({"topic_summary": "Theirs."}).status_code == 200
        return summary("Mine.")(text)

    editor(monkeypatch, meanwhile)
    assert notes("edit", session_id) == Exit.REFUSED
    kept = data / f"{session_id}-edit.json"
    assert json.loads(kept.read_text())["extracted_notes"]["topic_summary"] == "Mine."
    assert kept.stat().st_mode & 0o077 == 0
    assert kept.name in capsys.readouterr().err
    assert notes("edit", session_id, "--file", kept) == Exit.REFUSED
    assert "version 1, and the notes are version 2" in capsys.readouterr().err
    assert me.notes()["extracted_notes"]["topic_summary"] == "Theirs."
    assert notes("edit", session_id, "--file", kept, "--version", 2) == Exit.OK
    assert me.notes()["extracted_notes"]["topic_summary"] == "Mine."


@pytest.mark.parametrize("text", ["{", "[]", "{}"])
def test_a_file_that_is_no_edit_is_refused_in_words(
    notes: Notes, me: Clinician, session_id: UUID, data: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = data / "edit.json"
    path.write_text(text)
    assert notes("edit", session_id, "--file", path) == Exit.USAGE
    assert "Traceback" not in capsys.readouterr().err
    assert me.notes()["version"] == 1


def test_what_is_signed_takes_addenda_and_no_edits(
    notes: Notes,
    me: Clinician,
    session_id: UUID,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert notes("addendum", session_id, "--text", "Too early.") == Exit.REFUSED
    assert notes("sign", session_id, "--version", 7, "--yes") == Exit.REFUSED
    assert notes("sign", session_id, "--yes") == Exit.OK
    assert me.notes()["status"] == "signed"
    editor(monkeypatch, summary("Too late."))
    assert notes("edit", session_id) == Exit.REFUSED
    assert notes("addendum", session_id) == Exit.USAGE
    assert notes("addendum", session_id, "--text", "She called on Monday.") == Exit.OK
    capsys.readouterr()
    assert notes("show", session_id) == Exit.OK
    shown = capsys.readouterr().out
    assert "Signed by " in shown
    assert "She called on Monday." in shown


def test_notes_are_shown_in_a_template_with_what_is_missing_and_what_made_them(
    notes: Notes, me: Clinician, session_id: UUID, capsys: pytest.CaptureFixture[str]
) -> None:
    me.post("render", {"template": "soap"})
    assert notes("show", session_id) == Exit.OK
    shown = capsys.readouterr().out
    for said in ("Subjective", "Assessment", "missing: times", "rules-1, sessionscribe", "no language model"):
        assert said in shown
    assert "For the patient" not in shown


def test_what_is_left_out_is_shown_apart_with_its_reason(
    notes: Notes, me: Clinician, session_id: UUID, capsys: pytest.CaptureFixture[str]
) -> None:
    me.put({"risk_flags": []})
    assert notes("show", session_id) == Exit.OK
    assert "--left-out" in capsys.readouterr().out
    assert notes("show", session_id, "--left-out", "--json") == Exit.OK
    (entry, *_) = json.loads(capsys.readouterr().out)["left_out"]
    assert entry["reason"]
    assert notes("show", session_id, "--left-out") == Exit.OK
    shown = " ".join(capsys.readouterr().out.split())
    assert "None of this is in the notes." in shown
    assert "risk flags: suicidal_ideation" in shown
    assert "[Set aside by the clinician.]" in shown


def test_a_session_with_signed_notes_is_deleted_only_on_purpose(
    notes: Notes, session_id: UUID, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert notes("sign", session_id, "--yes") == Exit.OK
    delete = ["--data", str(data), "delete", str(session_id), "--yes"]
    assert run(delete) == Exit.REFUSED
    assert "notes_signed" in capsys.readouterr().err
    assert run([*delete, "--signed-notes"]) == Exit.OK


def test_nobody_signs_by_mistake(
    notes: Notes, me: Clinician, session_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    assert notes("sign", session_id) == Exit.INTERRUPTED
    assert me.notes()["status"] == "draft"


def test_an_administrator_says_who_supervises_whom(
    data: Path,
    me: Clinician,
    resources: Resources,
    office: Office,
    session_id: UUID,
    capsys: pytest.CaptureFixture[str],
) -> None:
    boss = colleague(resources, office, session_id)
    supervise = ["--data", str(data), "therapists", "supervise", str(me.id)]
    assert run(supervise) == Exit.USAGE
    assert run([*supervise, "--by", str(boss.id)]) == Exit.OK
    assert me.post("sign").json["status"] == "awaiting_cosignature"
    assert run([*supervise, "--nobody"]) == Exit.OK
    assert "signs alone" in capsys.readouterr().err


def test_a_supervisor_finds_and_cosigns(
    notes: Notes,
    me: Clinician,
    session_id: UUID,
    resources: Resources,
    office: Office,
    data: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    boss = colleague(resources, office, session_id)
    people.change(resources, office.caller, me.id, {"supervisor_id": boss.id})
    assert notes("sign", session_id, "--yes") == Exit.OK
    assert "awaiting cosignature" in capsys.readouterr().err
    assert notes("cosign", session_id) != Exit.OK

    def theirs(*words: Any) -> int:
        return run(["--data", str(data), "--key", str(boss.key), "notes", *map(str, words)])

    assert theirs("awaiting") == Exit.OK
    assert str(session_id) in capsys.readouterr().out
    assert theirs("cosign", session_id) == Exit.OK
    assert me.notes()["status"] == "signed"


@pytest.mark.parametrize(
    ("form", "begins"), [("md", b"#"), ("docx", b"PK"), ("pdf", b"%PDF"), ("fhir", b"{"), ("json", b"{")]
)
def test_files_are_for_their_owner_and_replace_none(
    notes: Notes, session_id: UUID, data: Path, form: str, begins: bytes
) -> None:
    path = data / "out"
    assert notes("export", session_id, "--format", form, "--output", path) == Exit.OK
    assert path.read_bytes().startswith(begins)
    assert path.stat().st_mode & 0o077 == 0
    path.write_bytes(b"mine")
    path.chmod(0o644)
    assert notes("export", session_id, "--format", form, "--output", path) == Exit.USAGE
    assert path.read_bytes() == b"mine"
    assert notes("export", session_id, "--format", form, "--output", path, "--force") == Exit.OK
    assert path.read_bytes().startswith(begins)
    assert path.stat().st_mode & 0o077 == 0


def test_an_export_that_is_refused_leaves_no_file(notes: Notes, session_id: UUID, data: Path) -> None:
    assert (
        notes("export", session_id, "--format", "pdf", "--version", 9, "-o", data / "out") == Exit.NOT_FOUND
    )
    assert not (data / "out").exists()


def test_what_is_offered_is_shown_then_taken_or_left(
    notes: Notes,
    me: Clinician,
    session_id: UUID,
    resources: Resources,
    office: Office,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert notes("accept", session_id) == Exit.NOT_FOUND
    offer_notes(resources, office, session_id)
    capsys.readouterr()
    assert notes("proposals", session_id, "--json") == Exit.OK
    assert json.loads(capsys.readouterr().out)["offered_version"] == 2
    assert notes("accept", session_id, "--field", "topic_summary") == Exit.OK
    assert me.notes()["version"] == 3


def test_what_is_left_is_offered_no_more(
    notes: Notes, me: Clinician, session_id: UUID, resources: Resources, office: Office
) -> None:
    offer_notes(resources, office, session_id)
    assert notes("dismiss", session_id) == Exit.OK
    assert me.notes()["offered_version"] is None


def test_a_clients_summary_is_written_and_shown(
    notes: Notes, session_id: UUID, capsys: pytest.CaptureFixture[str]
) -> None:
    assert notes("client-summary", session_id) == Exit.OK
    assert "In this session you talked about" in capsys.readouterr().out


def test_a_template_is_added_used_and_removed(
    notes: Notes, me: Clinician, session_id: UUID, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = data / "t.json"
    part = {"name": "summary", "title": "In short", "sources": ["summary"]}
    path.write_text(json.dumps({"name": "intake", "title": "Intake", "parts": [part]}))
    assert notes("templates", "add", path) == Exit.OK
    assert notes("templates", "add", path) == Exit.REFUSED
    capsys.readouterr()
    assert notes("templates", "list") == Exit.OK
    assert {"intake", "soap"} <= {
        line.split()[0] for line in capsys.readouterr().out.splitlines() if line.strip()
    }
    assert notes("templates", "show", "intake") == Exit.OK
    assert "In short" in capsys.readouterr().out
    assert notes("render", session_id, "--template", "intake") == Exit.OK
    assert me.notes()["template"] == "intake"
    assert notes("templates", "remove", "intake") == Exit.OK
    assert notes("templates", "show", "intake") == Exit.NOT_FOUND
    assert notes("templates", "remove", "soap") == Exit.REFUSED


def test_process_notes_are_replaced_only_by_who_has_read_them(
    notes: Notes, session_id: UUID, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert notes("process", "show", session_id) == Exit.NOT_FOUND
    assert notes("process", "write", session_id, "--text", "My own thoughts.") == Exit.OK
    capsys.readouterr()
    assert notes("process", "write", session_id, "--text", "Other.") == Exit.REFUSED
    assert "--revision" in capsys.readouterr().err
    assert notes("process", "show", session_id) == Exit.OK
    assert capsys.readouterr().out == "My own thoughts.\n"
    assert notes("process", "write", session_id, "--text", "Other.", "--revision", 1) == Exit.OK
    assert notes("process", "write", session_id, "--text", "Late.", "--revision", 1) == Exit.REFUSED
    assert notes("process", "export", session_id, "--format", "md", "-o", data / "p.md") == Exit.OK
    assert "Other." in (data / "p.md").read_text()
    assert notes("process", "remove", session_id, "--yes") == Exit.OK
    assert notes("process", "show", session_id) == Exit.NOT_FOUND

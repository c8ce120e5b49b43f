"""What the commands say: in the command line's own words, at every width, with what to do next."""

import json
import signal
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli.app import run
from cli.exits import Exit
from cli.profile import Profile
from tests.fakes.api_server import ADMINISTRATOR_KEY, KEY, FakeApi, problem
from tests.integration.cli.test_cli_commands import (
    UPLOAD,
    command,
    data,
    no_settings_from_outside,
    recording,
    server,
)

__all__ = ["data", "no_settings_from_outside", "recording", "server"]  # fixtures

Shown = pytest.CaptureFixture[str]


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_no_line_of_a_list_is_wider_than_the_terminal_and_nothing_is_lost(
    server: FakeApi, data: Path, capsys: Shown, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    patient = server.add_patient("Henrietta Example-Longname of Somewhere")
    failed = server.add_session(patient_id=patient["id"], status="failed")
    monkeypatch.setenv("COLUMNS", str(columns))
    assert command(data, "list") == Exit.OK
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= columns
    for whole in (failed["id"][:8], "2026-01-31", patient["name"], "failed", "01:01"):
        assert whole in shown


def test_a_list_of_usual_names_is_a_table_at_80_columns(
    server: FakeApi, data: Path, capsys: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.add_session(patient_id=server.patients[0]["id"], status="extracting_notes", progress=93)
    monkeypatch.setenv("COLUMNS", "80")
    assert command(data, "list") == Exit.OK
    heading, line, row = capsys.readouterr().out.splitlines()
    assert (heading.split()[0], set(line), row.split()[0]) == ("Session", {"─"}, server.sessions[0]["id"][:8])


def test_the_list_of_commands_cuts_no_sentence(capsys: Shown) -> None:
    assert run(["--help"]) == Exit.OK
    assert not [
        line
        for line in capsys.readouterr().out.splitlines()
        if line.startswith("  ") and line.endswith("...")
    ]


def test_an_id_may_be_cut_to_what_the_list_shows(server: FakeApi, data: Path, capsys: Shown) -> None:
    session = server.add_session(id="0123abcd-0000-4000-8000-000000000001")
    server.add_session(id="0123ffff-0000-4000-8000-000000000002")
    assert command(data, "show", "0123abcd", "--json") == Exit.OK
    assert json.loads(capsys.readouterr().out)["id"] == session["id"]
    assert command(data, "show", "0123") == Exit.USAGE
    assert session["id"] in capsys.readouterr().err
    assert command(data, "show", "9999") == Exit.NOT_FOUND
    assert "`sessionscribe list`" in capsys.readouterr().err


def test_piped_tables_have_no_blanks_at_the_ends_of_lines(server: FakeApi, data: Path, capsys: Shown) -> None:
    server.add_session(status="processed")
    server.add_session(status="extracting_notes", progress=93)
    assert command(data, "list") == Exit.OK
    lines = capsys.readouterr().out.splitlines()
    assert lines
    assert not [line for line in lines if line != line.rstrip()]


def test_patients_of_one_name_are_told_apart(server: FakeApi, data: Path, capsys: Shown) -> None:
    twins = [server.add_patient("Sam Same"), server.add_patient("sam same")]
    for twin in twins:
        server.add_session(patient_id=twin["id"])
    assert command(data, "list") == Exit.OK
    shown = capsys.readouterr().out
    assert all(twin["id"][:8] in shown for twin in twins)
    assert command(data, "list", "--patient", "Sam Same") == Exit.USAGE
    told = capsys.readouterr().err
    assert all(twin["id"] in told for twin in twins)
    assert command(data, "list", "--patient", twins[0]["id"][:8]) == Exit.OK


def test_consent_is_withdrawn_and_recorded_again(server: FakeApi, data: Path, capsys: Shown) -> None:
    assert command(data, "patients", "consent", "Pat Ient", "--withdrawn", "--yes") == Exit.OK
    assert "revoked on" in capsys.readouterr().out
    assert command(data, "patients", "consent", "Pat Ient", "--method", "verbal") == Exit.OK
    consent = server.patients[0]["consent"]
    assert (consent["method"], consent["revoked_on"]) == ("verbal", None)
    assert command(data, "patients", "consent", "Pat Ient") == Exit.USAGE


def test_without_a_terminal_a_question_is_refused_with_what_to_add(
    server: FakeApi, data: Path, capsys: Shown
) -> None:
    session = server.add_session()
    assert command(data, "delete", session["id"]) == Exit.USAGE
    assert "Add --yes." in capsys.readouterr().err
    assert command(data, "patients", "consent", "Pat Ient", "--withdrawn") == Exit.USAGE


@pytest.mark.parametrize(
    "words",
    [
        ("upload", "FILE", "--patient", "Pat Ient", "--date", "2126-01-31"),
        ("patients", "add", "New", "--consent", "written", "--consent-on", "2062-01-31"),
    ],
)
def test_a_date_decades_ahead_is_refused(
    server: FakeApi, data: Path, recording: Path, capsys: Shown, words: tuple[str, ...]
) -> None:
    typed = [str(recording) if word == "FILE" else word for word in words]
    assert command(data, *typed) == Exit.USAGE
    assert "is still to come; is the year right?" in capsys.readouterr().err
    assert len(server.patients) == 1
    tomorrow = (datetime.now(UTC) + timedelta(hours=20)).isoformat(timespec="seconds")
    assert command(data, "upload", recording, "--patient", "Pat Ient", "--date", tomorrow) == Exit.OK


def test_an_unknown_server_names_the_folder_that_was_looked_at(tmp_path: Path, capsys: Shown) -> None:
    assert run(["--data", str(tmp_path / "here"), "list"]) == Exit.USAGE
    assert str(tmp_path / "here") in capsys.readouterr().err


@pytest.mark.parametrize(
    ("code", "detail", "said", "unsaid"),
    [
        (
            "notes_signed",
            "To delete them all the same, say so: ?signed_notes=delete.",
            "--signed-notes",
            "?signed",
        ),
        (
            "rate_limited",
            "This was done as often as is allowed for now. Retry-After says when it may be done again.",
            "Try again in 25 min.",
            "Retry-After",
        ),
    ],
)
def test_errors_speak_the_command_lines_words(
    server: FakeApi, data: Path, capsys: Shown, code: str, detail: str, said: str, unsaid: str
) -> None:
    server.will("GET /api/sessions/", problem(409, code, detail, Retry_After="1500"))
    command(data, "list")
    told = capsys.readouterr().err
    assert said in told
    assert unsaid not in told


def test_a_refused_key_is_named_by_where_it_came_from(
    server: FakeApi, data: Path, capsys: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    Profile(server.url, "ssk_old", ADMINISTRATOR_KEY).save(data)
    assert command(data, "list") == Exit.NOT_ALLOWED
    assert f"the therapist's in {data / 'credentials.json'}" in capsys.readouterr().err
    assert run(["--url", server.url, "--key", "wrong", "list"]) == Exit.NOT_ALLOWED
    assert "the key: --key" in capsys.readouterr().err
    monkeypatch.setenv("SESSIONSCRIBE_API_KEY", "wrong")
    assert run(["--url", server.url, "list"]) == Exit.NOT_ALLOWED
    assert "the key: SESSIONSCRIBE_API_KEY" in capsys.readouterr().err
    monkeypatch.delenv("SESSIONSCRIBE_API_KEY")
    assert run(["--url", server.url, "list"]) == Exit.NOT_ALLOWED
    assert "no key was sent" in capsys.readouterr().err


def test_a_full_disk_is_told_at_once(server: FakeApi, data: Path, recording: Path, capsys: Shown) -> None:
    full = problem(
        503, "disk_full", "There is no room for new recordings. Try again later.", Retry_After="60"
    )
    server.will(UPLOAD, full)
    assert command(data, "upload", recording, "--patient", "Pat Ient") == Exit.UNAVAILABLE
    assert "There is no room" in capsys.readouterr().err
    assert server.uploads == []


def test_ctrl_c_while_waiting_says_that_the_work_goes_on(
    server: FakeApi, data: Path, recording: Path, capsys: Shown, interrupted_at: Callable[[str], None]
) -> None:
    server.course = [{"status": "transcribing", "progress": 10}] * 1000
    interrupted_at("GET /api/sessions/")
    assert command(data, "upload", recording, "--patient", "Pat Ient", "--wait") == Exit.INTERRUPTED
    told = capsys.readouterr().err
    assert f"The server goes on with it. See: sessionscribe show {server.sessions[0]['id']}" in told


@pytest.fixture
def interrupted_at(server: FakeApi, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Have this process interrupted when the server is first asked so."""

    # A shell lets what runs in its background ignore SIGINT, and tests inherit that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def arm(call: str) -> None:
        usual, asked = server.answer, threading.Event()

        def answer(request):  # type: ignore[no-untyped-def]
            reply = usual(request)
            if f"{request.method} {request.path}".startswith(call) and not asked.is_set():
                asked.set()
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            return reply

        monkeypatch.setattr(server, "answer", answer)

    yield arm
    signal.signal(signal.SIGINT, before)


def test_reconcile_looks_for_a_stack_in_the_data_folder(
    tmp_path: Path, capsys: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert run(["--data", str(tmp_path / "here"), "reconcile"]) == Exit.USAGE
    assert (
        f"neither DATABASE_URL in the environment nor a stack in {tmp_path / 'here'}"
        in capsys.readouterr().err
    )


def test_a_key_of_the_profile_is_sent_as_before(server: FakeApi, data: Path) -> None:
    assert command(data, "list") == Exit.OK
    assert server.received[-1].headers["authorization"] == f"Bearer {KEY}"

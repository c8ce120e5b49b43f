"""The commands against a server at the wire."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from cli.app import run
from cli.commands.operations.sandbox import pieces
from cli.exits import Exit
from cli.profile import Profile
from tests.fakes.api_server import ADMINISTRATOR_KEY, DAY, ENROLMENT_CODE, KEY, FakeApi, Reply, problem
from tests.fakes.terminal import Terminal

UPLOAD = "POST /api/sessions/upload"
NOTES = {
    "draft": True, "engine": "rules", "template": "default", "topic_summary": "Work and sleep.",
    "risk_statement": "Risk was asked about and denied.", "session_mood": "low", "mood_trajectory": "stable",
    "key_topics": [
        {"text": "work", "verified": True,
         "evidence": [{"segment": 0, "start": 75.0, "end": 80.0, "quote": "the hardest part was work"}]},
        {"text": "invented", "verified": False, "evidence": []},
    ],
    "risk_flags": [
        {"type": "self_harm", "severity": "low", "negated": True, "verified": True, "evidence": []}
    ],
}  # fmt: skip


@pytest.fixture
def server() -> Iterator[FakeApi]:
    """A server with one patient."""
    with FakeApi() as fake:
        fake.add_patient("Pat Ient")
        yield fake


@pytest.fixture
def data(server: FakeApi, tmp_path: Path) -> Path:
    """A data folder whose profile leads to the server."""
    Profile(server.url, KEY, ADMINISTRATOR_KEY).save(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """No address or key from the environment of whoever runs the tests."""
    for name in ("SESSIONSCRIBE_URL", "SESSIONSCRIBE_API_KEY", "SESSIONSCRIBE_DATA", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """A file large enough to be sent in several pieces."""
    path = tmp_path / "rec.m4a"
    path.write_bytes(bytes(range(256)) * 1000)
    return path


def command(data: Path, *words: object) -> int:
    return run(["--data", str(data), *map(str, words)])


def test_a_recording_arrives_byte_for_byte_under_its_name(
    server: FakeApi, data: Path, recording: Path
) -> None:
    assert command(data, "upload", recording, "--patient", "pat ient") == Exit.OK
    assert server.uploads == [("rec.m4a", recording.read_bytes())]


def test_a_file_name_of_odd_bytes_can_be_sent(server: FakeApi, data: Path, recording: Path) -> None:
    odd = recording.rename(recording.with_name('we"ird\x1b[31m\nname\udcff ü.m4a'))
    assert command(data, "upload", odd, "--patient", "Pat Ient") == Exit.OK
    assert server.uploads[0][1] == odd.read_bytes()


def test_waiting_ends_with_the_session(
    server: FakeApi, data: Path, recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.course = [{"status": "transcribing", "progress": 45}, {"status": "processed", "progress": 100}]
    assert command(data, "upload", recording, "--patient", "Pat Ient", "--wait") == Exit.OK
    assert "Transcribing: done" in capsys.readouterr().err


def test_a_session_that_fails_makes_the_exit_code_1(
    server: FakeApi, data: Path, recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.course = [{"status": "failed", "error": {"code": "no_audio", "message": "No sound."}}]
    assert command(data, "upload", recording, "--patient", "Pat Ient", "--wait") == Exit.FAILED
    assert "No sound. (code no_audio)" in capsys.readouterr().err


def test_a_refused_file_does_not_stop_the_next(server: FakeApi, data: Path, recording: Path) -> None:
    server.will(UPLOAD, problem(415, "not_audio", "This is not audio."))
    assert command(data, "upload", recording, recording, "--patient", "Pat Ient") == Exit.REFUSED
    assert len(server.uploads) == 1


def test_a_further_recording_names_the_session_and_needs_no_patient(
    server: FakeApi, data: Path, recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    joins = "22222222-2222-4222-8222-222222222222"
    assert command(data, "upload", recording, "--joins", joins) == Exit.OK
    (sent,) = [one for one in server.received if one.path == "/api/sessions/upload"]
    assert joins.encode() in sent.body
    assert command(data, "upload", recording) == Exit.USAGE
    assert "--joins" in capsys.readouterr().err


def test_an_upload_is_sent_again_when_the_server_says_that_nothing_was_saved(
    server: FakeApi, data: Path, recording: Path
) -> None:
    server.will(UPLOAD, problem(503, "database_unavailable", "Try again.", Retry_After="0"))
    assert command(data, "upload", recording, "--patient", "Pat Ient") == Exit.OK
    assert server.uploads == [("rec.m4a", recording.read_bytes())]


def test_an_upload_whose_answer_was_lost_is_sent_again_and_makes_one_session(
    server: FakeApi, data: Path, recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    busy = problem(409, "idempotency_in_progress", "It is still running.", Retry_After="0")
    server.will(UPLOAD, Reply(202, hang_up=True, do_first=True), busy)
    assert command(data, "upload", recording, "--patient", "Pat Ient") == Exit.OK
    sent = [one for one in server.received if one.path == "/api/sessions/upload"]
    assert len(sent) == 3
    assert len({one.headers["idempotency-key"] for one in sent}) == 1
    assert server.uploads == [("rec.m4a", recording.read_bytes())]
    assert capsys.readouterr().out.split() == [server.sessions[-1]["id"]]


@pytest.mark.parametrize(
    ("status", "expected"),
    [(401, 3), (403, 3), (404, 4), (409, 6), (413, 6), (422, 6), (429, 5), (500, 5), (503, 5)],
)
def test_every_refusal_has_its_exit_code_and_says_why(
    server: FakeApi, data: Path, status: int, expected: int, capsys: pytest.CaptureFixture[str]
) -> None:
    server.will("GET /api/sessions/", problem(status, "the_code", "What to do."))
    assert command(data, "list") == expected
    error = capsys.readouterr().err
    assert "What to do." in error
    assert f"(status {status}, code the_code, request r-1)" in error


def test_a_server_that_is_not_there_is_exit_code_5(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--url", "http://127.0.0.1:1", "--key", "k", "list"]) == Exit.UNAVAILABLE
    assert "sessionscribe up" in capsys.readouterr().err


def test_a_server_that_is_something_else_is_said_to_be(server: FakeApi, data: Path) -> None:
    server.will("GET /api/sessions/", Reply(200, "<html>", {"Content-Type": "text/html"}))
    assert command(data, "list") == Exit.UNAVAILABLE


def test_the_saved_key_does_not_go_to_another_server(server: FakeApi, data: Path) -> None:
    with FakeApi() as other:
        assert command(data, "--url", other.url, "list") == Exit.NOT_ALLOWED
        assert "authorization" not in other.received[0].headers


def test_a_list_follows_the_pages_up_to_its_limit(
    server: FakeApi, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.page_size = 2
    for _ in range(7):
        server.add_session()
    assert command(data, "list", "--limit", 5, "--json") == Exit.OK
    assert len(json.loads(capsys.readouterr().out)) == 5


def test_a_table_shows_whole_ids_and_names_without_escape_sequences(
    server: FakeApi, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    patient = server.add_patient("\x1b[31mEve[/] [red]x")
    session = server.add_session(patient_id=patient["id"])
    assert command(data, "list") == Exit.OK
    shown = capsys.readouterr().out
    assert session["id"] in shown
    assert "Eve[/] [red]x" in shown
    assert "\x1b" not in shown


def test_a_session_is_shown_with_speakers_times_and_the_words_behind_each_item(
    server: FakeApi, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    segments = [
        {"start": 75.0, "end": 80.0, "text": "The hardest \x1b[2Jpart was work.", "speaker": "client"}
    ]
    session = server.add_session(transcript_segments=segments, extracted_notes=NOTES)
    assert command(data, "show", session["id"]) == Exit.OK
    shown = capsys.readouterr().out
    assert "01:15 client The hardest part was work." in shown
    assert "01:15 “the hardest part was work”" in shown
    assert "invented  [not verified]" in shown
    assert "Risk was asked about and denied." in shown
    assert "self harm (low, denied)" in shown
    assert "DRAFT." in shown
    assert "\x1b" not in shown


def test_a_transcript_in_another_form_comes_from_the_server(
    server: FakeApi, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.texts["transcript"] = "WEBVTT\n\n00:00.000 --> 00:01.000\n\x1b[31mhello\n"
    assert command(data, "show", uuid4(), "--format", "vtt") == Exit.OK
    assert capsys.readouterr().out == "WEBVTT\n\n00:00.000 --> 00:01.000\nhello\n"
    assert server.received[-1].query == {"format": "vtt"}


def test_notes_cannot_be_subtitles(server: FakeApi, data: Path) -> None:
    assert command(data, "show", uuid4(), "--notes", "--format", "srt") == Exit.USAGE


def test_an_unknown_session_is_exit_code_4(server: FakeApi, data: Path) -> None:
    assert command(data, "show", uuid4()) == Exit.NOT_FOUND


def test_what_is_no_id_never_becomes_an_address(server: FakeApi, data: Path) -> None:
    assert command(data, "show", "../keys") == Exit.USAGE
    assert not server.received


def test_a_patient_is_added_with_consent(server: FakeApi, data: Path) -> None:
    words = ("patients", "add", "New", "--consent", "verbal", "--consent-on", "2026-01-31")
    assert command(data, *words) == Exit.OK
    assert server.patients[-1]["consent"] == {"method": "verbal", "given_on": "2026-01-31"}


def test_an_ambiguous_name_is_not_guessed(
    server: FakeApi, data: Path, recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    second = server.add_patient("Pat Ient")
    assert command(data, "upload", recording, "--patient", "Pat Ient") == Exit.USAGE
    assert second["id"] in capsys.readouterr().err
    assert not server.uploads


def test_keys_are_made_with_ones_own_key_and_shown_once(
    server: FakeApi, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(data, "keys", "create", "--label", "laptop", "--scope", "sessions:read") == Exit.OK
    assert "ssk_new_secret" in capsys.readouterr().out
    assert command(data, "keys", "list") == Exit.OK
    shown = capsys.readouterr()
    assert "laptop" in shown.out
    assert "secret" not in shown.out + shown.err
    assert command(data, "keys", "revoke", server.keys[0]["id"]) == Exit.OK
    used = {request.headers["authorization"] for request in server.received}
    assert used == {f"Bearer {KEY}"}
    assert command(data, "keys", "list", "--administrator") == Exit.OK
    assert server.received[-1].headers["authorization"] == f"Bearer {ADMINISTRATOR_KEY}"


def test_a_person_is_enrolled_by_a_code_that_they_redeem_without_any_key(
    server: FakeApi, data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    person = str(uuid4())
    assert command(data, "therapists", "enrol", person) == Exit.OK
    assert server.received[-1].path == f"/api/therapists/{person}/enrolment-code"
    assert capsys.readouterr().out.strip() == ENROLMENT_CODE
    monkeypatch.setenv("SESSIONSCRIBE_ENROLMENT_CODE", ENROLMENT_CODE)
    assert command(data, "keys", "redeem", "--scope", "process-notes:read") == Exit.OK
    assert "ssk_first_secret" in capsys.readouterr().out
    wanted = {"label": "", "expires_in_days": 90, "scopes": ["process-notes:read"]}
    assert json.loads(server.received[-1].body) == {"code": ENROLMENT_CODE, **wanted}
    monkeypatch.setenv("SESSIONSCRIBE_ENROLMENT_CODE", "sse_another")
    assert command(data, "keys", "redeem") == Exit.NOT_ALLOWED


def test_a_key_is_rotated_and_the_new_one_shown_once(
    server: FakeApi, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(data, "keys", "create") == Exit.OK
    old = server.keys[0]["id"]
    assert command(data, "keys", "rotate", old, "--overlap-hours", "2") == Exit.OK
    assert capsys.readouterr().out.count("ssk_new_secret") == 2
    assert server.received[-1].path == f"/api/keys/{old}/rotate"
    assert json.loads(server.received[-1].body) == {"overlap_hours": 2, "expires_in_days": 90}
    assert command(data, "keys", "rotate", old, "--overlap-hours", "200") == Exit.USAGE


def test_people_are_added_listed_and_disabled_with_the_administrators_key(
    server: FakeApi, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(data, "therapists", "add", "Dr. New") == Exit.OK
    assert server.people[0]["role"] == "therapist"
    assert command(data, "therapists", "disable", server.people[0]["id"]) == Exit.OK
    capsys.readouterr()
    assert command(data, "therapists", "list") == Exit.OK
    shown = capsys.readouterr().out
    assert "Dr. New" in shown
    assert "disabled" in shown
    assert command(data, "therapists", "enable", server.people[0]["id"]) == Exit.OK
    assert server.people[0]["disabled_at"] is None


def test_retry_and_notes_again_are_asked_for(server: FakeApi, data: Path) -> None:
    session = server.add_session(status="failed")
    assert command(data, "retry", session["id"]) == Exit.OK
    assert command(data, "extract-notes", session["id"]) == Exit.OK
    assert [one.path.rsplit("/", 1)[1] for one in server.received] == ["retry", "extract-notes"]


def test_a_session_is_cancelled_and_deleted(
    server: FakeApi, data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/api/sessions/{(session := str(uuid4()))}"
    server.will(f"POST {path}/cancel", Reply(202, {"status": "cancelled"}))
    server.will(f"DELETE {path}", Reply(202, {"erased_at": None}), Reply(200, {"erased_at": DAY}))
    assert command(data, "cancel", session) == Exit.OK
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    assert command(data, "delete", session) == Exit.INTERRUPTED
    assert not [one for one in server.received if one.method == "DELETE"]
    assert command(data, "delete", session, "--yes") == Exit.OK
    assert "when it is back" in capsys.readouterr().err
    assert command(data, "delete", session, "--yes", "--json") == Exit.OK
    assert json.loads(capsys.readouterr().out) == {"erased_at": DAY}


def test_without_any_server_known_the_user_is_told_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--data", str(tmp_path), "list"]) == Exit.USAGE
    assert "sessionscribe up" in capsys.readouterr().err


def test_the_demo_goes_on_after_a_lost_answer_without_a_second_session(
    server: FakeApi, capsys: pytest.CaptureFixture[str]
) -> None:
    server.will("GET /api/patients", problem(503, "database_unavailable", "Wait.", Retry_After="0"))
    server.will(UPLOAD, Reply(202, hang_up=True))
    assert run(["--url", server.url, "--key", KEY, "demo"]) == Exit.OK
    assert len(server.uploads) == 1
    assert "What next" in capsys.readouterr().out


def test_a_second_demo_shows_what_is_there_and_a_fresh_one_does_it_again(
    server: FakeApi, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--url", server.url, "--key", KEY, "demo"]
    assert [run(words), run(words)] == [0, 0]
    assert len(server.uploads) == 1
    assert "was processed before" in capsys.readouterr().out
    assert run([*words, "--fresh"]) == Exit.OK
    assert len(server.uploads) == 2


def test_the_demo_prints_one_screen_and_says_how_to_see_all(
    server: FakeApi, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    turns = [
        {"start": 10.0 * n, "end": 10.0 * n + 9, "text": f"turn {n} " + "word " * 40, "speaker": "Speaker 1"}
        for n in range(60)
    ]
    server.course = [{"status": "processed", "transcript_segments": turns, "extracted_notes": NOTES}]
    words = ["--url", server.url, "--key", KEY, "demo"]
    assert run(words) == Exit.OK
    screen = capsys.readouterr().out
    assert len(screen.splitlines()) <= 40
    for part in (
        "turn 0",
        "Risk was asked about",
        "Work and sleep.",
        "“the hardest part was work”",
        "demo ARGS=--all",
    ):
        assert part in screen
    assert "turn 9" not in screen
    assert run([*words, "--all"]) == Exit.OK
    assert "turn 59" in capsys.readouterr().out


def test_the_program_runs_as_one_and_its_help_lists_the_exit_codes() -> None:
    result = subprocess.run([sys.executable, "-m", "cli.main", "--help"], capture_output=True, text=True)
    assert result.returncode == 0
    assert "130  interrupted" in result.stdout


def test_the_filters_of_a_list_are_passed_on(server: FakeApi, data: Path) -> None:
    options = ("--from", "2026-03-01", "--before", "2026-03-02", "--external-id", "4711", "--open")
    assert command(data, "list", *options, "--updated-since", "2026-03-01T10:00Z") == Exit.OK
    asked = next(one for one in server.received if one.path.startswith("/api/sessions/"))
    wanted = {
        "session_date_from": "2026-03-01",
        "session_date_before": "2026-03-02",
        "external_id": "4711",
        "open": "true",
        "updated_since": "2026-03-01T10:00Z",
    }
    assert wanted.items() <= asked.query.items()


def test_the_sandbox_sends_each_invented_session_once_by_its_reference(
    server: FakeApi, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.will("GET /api/whoami", *[Reply(200, {"therapist_id": "1234"})] * 2)
    there = ("--url", server.url, "--key", KEY)
    assert command(data, *there, "sandbox", "--sessions", "2") == Exit.OK
    assert [name for name, _ in server.uploads] == ["sandbox-00.wav", "sandbox-01.wav"]
    first, second = (content for _, content in server.uploads)
    assert first != second
    assert min(len(first), len(second)) > 30 * 32_000  # half a minute at least
    assert {patient["name"] for patient in server.patients} >= {"Ada Example", "Ben Example"}
    said = capsys.readouterr()
    assert "2 sessions made" in said.out
    assert "recover 1234 --sign-in" in said.err
    assert command(data, *there, "sandbox", "--sessions", "2") == Exit.OK
    assert len(server.uploads) == 2
    assert "0 sessions made" in capsys.readouterr().out


def test_invented_sessions_differ_and_some_are_of_risk() -> None:
    found = pieces(30)
    assert len({(piece.sample, piece.start) for piece in found if piece.sample == "therapy_session"}) > 10
    assert [piece.number for piece in found if piece.sample == "risk_session"] == [9, 19, 29]
    assert len({piece.session_date for piece in found}) > 20

"""The session API as its clients use it: real files, Postgres, Redis limits, decoder and tasks."""

import dataclasses
import hashlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from shared.db.connection.engine import Database
from shared.domain.errors import PermanentStepError
from shared.media.isolation.sandbox import Sandbox
from shared.queue import WorkQueue, make_app
from shared.schemas.notes import NotesSchema
from shared.services.access.caller import Scope
from shared.services.jobs.worker_context import Workbench
from shared.services.resources import Resources
from tests.e2e.conftest import excerpt
from tests.fakes import media_files
from tests.fakes.notes import FakeExtractor
from tests.fakes.speech import FakeSpeechAnalyser, FakeTranscriber
from tests.integration.api_client import Caller, app_of, caller_of, left_behind
from tests.integration.eager import eager_queue, working_at
from tests.integration.sessions import bench_with, plan_of
from tests.servers import Office, make_office
from workers import dependencies as workbenches

NOWHERE = "redis://127.0.0.1:1/0"
MEDIA_TYPES = {
    ".mp3": "audio/mpeg",
    ".mpga": "audio/mpeg",
    ".wav": "audio/x-wav",
    ".m4a": "audio/x-m4a",
    ".mp4": "video/mp4",
    ".mpeg": "video/mpeg",
    ".webm": "audio/webm",
    ".ogg": "audio/ogg",
    ".oga": "audio/ogg",
    ".opus": "audio/opus",
    ".flac": "audio/flac",
    ".aac": "audio/aac",
}


class Clock:
    """Time as the limits see it; ``pass_by`` moves it on."""

    def __init__(self) -> None:
        self._now = time.time()

    def __call__(self) -> float:
        return self._now

    def pass_by(self, seconds: float) -> None:
        self._now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that stands still unless told otherwise."""
    clock = Clock()
    monkeypatch.setattr(time, "time", clock)
    return clock


@pytest.fixture
def resources(resources: Resources, sandbox: Sandbox) -> Resources:
    """With the real decoder."""
    return dataclasses.replace(resources, decoder=sandbox)


@pytest.fixture
def pending(call: Caller, office: Office) -> str:
    """A session that nobody has worked on."""
    return str(call.upload(office.patient_id).json["id"])


@pytest.fixture
def processed(resources: Resources, pending: str) -> str:
    """A session with a transcript of two sentences and notes."""
    process(resources, pending)
    return pending


def process(resources: Resources, session_id: str, **engines: object) -> None:
    """Run the real tasks over the session, with engines that cost nothing unless given."""
    eager = dataclasses.replace(resources, queue=eager_queue(resources.settings))
    with working_at(bench_with(eager, **engines)):  # type: ignore[arg-type]
        eager.queue.publish(UUID(session_id))


def limited(resources: Resources, **limits: object) -> Resources:
    return dataclasses.replace(resources, settings=dataclasses.replace(resources.settings, **limits))


def is_problem(answer: TestResponse, status: int, code: str) -> bool:
    """Whether the answer is this problem, whole."""
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    assert answer.content_type == "application/problem+json"
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]
    return {"type", "title", "status", "detail"} <= set(answer.json)


class TestUpload:
    """Nine."""

    def test_a_recording_is_accepted_with_its_address_and_its_facts(
        self, call: Caller, office: Office
    ) -> None:
        recording = excerpt(5.0)
        answer = call.upload(office.patient_id, recording, session_date="2026-03-01T10:00:00+01:00")
        assert answer.status_code == 202
        document = answer.json
        assert answer.headers["Location"] == f"/api/sessions/{document['id']}"
        assert document["status"] == "pending"
        assert document["session_date"] == "2026-03-01T09:00:00Z"
        assert document["audio_sha256"] == hashlib.sha256(recording).hexdigest()
        assert document["audio_bytes"] == len(recording)
        assert call("GET", answer.headers["Location"]).json == document

    def test_every_listed_format_is_accepted(self, resources: Resources, office: Office) -> None:
        many = limited(resources, uploads_per_hour=100)
        call = caller_of(app_of(many), many, office)
        for label, (extension, *_) in media_files.HONEST.items():
            content = media_files.honest(label, seconds=2.0)
            answer = call.upload(office.patient_id, content, f"a{extension}", MEDIA_TYPES[extension])
            assert answer.status_code == 202, (label, answer.text)

    def test_an_m4a_that_is_named_mp3_is_accepted(self, call: Caller, office: Office) -> None:
        content = media_files.honest("m4a", seconds=2.0)
        answer = call.upload(office.patient_id, content, "memo.mp3", "audio/mpeg")
        assert answer.status_code == 202
        assert answer.json["audio_filename"] == "memo.mp3"

    def test_the_patient_may_be_named_in_the_form(self, call: Caller, office: Office) -> None:
        answer = call.upload(None, patient_id=office.patient_id)
        assert answer.status_code == 202
        assert answer.json["patient_id"] == str(office.patient_id)

    def test_a_file_needs_a_name_with_a_listed_extension(self, call: Caller, office: Office) -> None:
        assert is_problem(call.upload(office.patient_id, name=""), 400, "file_name_missing")
        for name in ("notes.txt", "session", "session.wav.exe"):
            assert is_problem(call.upload(office.patient_id, name=name), 400, "extension_not_allowed")

    def test_a_file_must_be_declared_as_audio_or_video_of_a_listed_kind(
        self, call: Caller, office: Office
    ) -> None:
        text = call.upload(office.patient_id, media_type="text/plain")
        assert is_problem(text, 400, "not_audio_or_video")
        midi = call.upload(office.patient_id, media_type="audio/midi")
        assert is_problem(midi, 415, "media_type_not_supported")

    def test_a_file_under_one_kibibyte_is_refused(self, call: Caller, office: Office) -> None:
        content = media_files.wav(1.0)
        assert is_problem(call.upload(office.patient_id, content[:1023]), 400, "file_too_small")
        assert call.upload(office.patient_id, content[:1024]).status_code == 202

    def test_a_file_over_the_limit_is_refused_and_leaves_nothing(
        self, resources: Resources, office: Office
    ) -> None:
        content = media_files.wav(1.0)
        small = limited(resources, max_upload_bytes=len(content) - 1)
        answer = caller_of(app_of(small), small, office).upload(office.patient_id, content)
        assert is_problem(answer, 413, "recording_too_large")
        assert left_behind(resources) == []

    def test_what_is_not_the_audio_that_it_claims_to_be_is_refused_and_leaves_nothing(
        self, call: Caller, resources: Resources, office: Office
    ) -> None:
        impostors = {
            "header and zeros": media_files.HEADERS["RIFF WAVE"] + bytes(20_000),
            "video without sound": media_files.encode("mp4", "aac", seconds=60.0, picture=True, sound=False),
            "text": media_files.FOREIGN["text"],
            "archive": media_files.FOREIGN["zip"],
            "program": media_files.FOREIGN["elf"],
        }
        for label, content in impostors.items():
            answer = call.upload(office.patient_id, content, "a.mp4", "video/mp4")
            assert answer.status_code == 415, (label, answer.text)
            assert is_problem(answer, 415, answer.json["code"])
        assert left_behind(resources) == []


class TestRateLimits:
    """Two."""

    def test_ten_recordings_an_hour_are_accepted_and_refused_ones_do_not_count(
        self, call: Caller, office: Office, clock: Clock
    ) -> None:
        assert call.upload(office.patient_id, b"").status_code == 400
        for accepted in range(1, 11):
            answer = call.upload(office.patient_id)
            assert answer.status_code == 202
            assert answer.headers["RateLimit-Remaining"] == str(10 - accepted)
            clock.pass_by(60)
        refused = call.upload(office.patient_id)
        assert is_problem(refused, 429, "rate_limited")
        assert (refused.headers["RateLimit-Limit"], refused.headers["RateLimit-Remaining"]) == ("10", "0")
        wait = int(refused.headers["Retry-After"])
        assert 2990 <= wait <= 3000  # the first of the ten leaves the window then; rounded up to a second
        clock.pass_by(wait + 1)
        assert call.upload(office.patient_id).status_code == 202
        assert call.upload(office.patient_id).status_code == 429

    def test_twenty_extractions_an_hour_are_accepted(
        self, call: Caller, resources: Resources, processed: str, clock: Clock
    ) -> None:
        path = f"/api/sessions/{processed}/extract-notes"
        for _ in range(20):
            assert call("POST", path).status_code == 202
            process(resources, processed)
        refused = call("POST", path)
        assert is_problem(refused, 429, "rate_limited")
        assert refused.headers["RateLimit-Limit"] == "20"
        clock.pass_by(int(refused.headers["Retry-After"]) + 1)
        assert call("POST", path).status_code == 202


class TestGet:
    """Five."""

    def test_a_processed_session_shows_everything(self, call: Caller, processed: str) -> None:
        document = call("GET", f"/api/sessions/{processed}").json
        assert (document["status"], document["progress"], document["error"]) == ("processed", 100, None)
        assert [set(part) for part in document["transcript_segments"]] == [
            {"start", "end", "text", "speaker"}
        ] * len(document["transcript_segments"])
        assert "feel better" in document["transcript_text"]
        assert NotesSchema().validate(document["extracted_notes"]) == {}
        assert document["therapist_summary"] == document["extracted_notes"]["therapist_notes"]
        assert document["patient_summary"] == document["extracted_notes"]["patient_summary"]
        assert document["risk_flags"] == document["extracted_notes"]["risk_flags"]
        assert document["processed_at"] >= document["created_at"]
        assert document["duration_seconds"] == 60.0

    def test_what_does_not_exist_yet_is_null(self, call: Caller, pending: str) -> None:
        document = call("GET", f"/api/sessions/{pending}").json
        missing = ("transcript_text", "transcript_segments", "extracted_notes", "risk_flags", "processed_at")
        assert {document[name] for name in missing} == {None}
        for kind in ("transcript", "notes"):
            assert call("GET", f"/api/sessions/{pending}/{kind}").status_code == 404

    def test_an_unchanged_session_is_not_sent_again(
        self, call: Caller, resources: Resources, pending: str
    ) -> None:
        path = f"/api/sessions/{pending}"
        etag = call("GET", path).headers["ETag"]
        unchanged = call("GET", path, headers={"If-None-Match": etag})
        assert (unchanged.status_code, unchanged.data, unchanged.headers["ETag"]) == (304, b"", etag)
        process(resources, pending)
        assert call("GET", path, headers={"If-None-Match": etag}).status_code == 200

    def test_a_preferred_wait_holds_the_answer_until_the_status_changes(
        self, call: Caller, resources: Resources, pending: str
    ) -> None:
        worker = threading.Timer(0.2, process, (resources, pending))
        worker.start()
        answer = call("GET", f"/api/sessions/{pending}", headers={"Prefer": "wait=30"})
        worker.join()
        assert answer.json["status"] != "pending"
        assert answer.headers["Preference-Applied"] == "wait=30"

    def test_a_foreign_session_looks_exactly_like_a_missing_one(
        self, call: Caller, app: Flask, resources: Resources, pending: str
    ) -> None:
        stranger = caller_of(app, resources, make_office(resources))
        for suffix in ("", "/transcript", "/notes"):
            answers = [
                stranger("GET", f"/api/sessions/{name}{suffix}", headers={"X-Request-Id": "the-same-request"})
                for name in (pending, uuid4())
            ]
            assert is_problem(answers[0], 404, "session_not_found")
            assert answers[0].data == answers[1].data
            assert list(answers[0].headers) == list(answers[1].headers)


class TestList:
    """Seven."""

    def test_the_newest_session_date_comes_first(self, call: Caller, office: Office) -> None:
        for day in ("2026-01-02", "2026-01-03", "2026-01-01"):
            call.upload(office.patient_id, session_date=day)
        dates = [item["session_date"][:10] for item in call("GET", "/api/sessions/").json]
        assert dates == ["2026-01-03", "2026-01-02", "2026-01-01"]

    def test_a_list_is_an_array_of_summaries(self, call: Caller, processed: str) -> None:
        (item,) = call("GET", "/api/sessions/").json
        whole = call("GET", f"/api/sessions/{processed}").json
        assert item["id"] == processed
        assert not {"transcript_text", "transcript_segments", "extracted_notes", "patient_summary"} & set(
            item
        )
        assert item == {name: whole[name] for name in item}

    def test_a_list_may_be_of_one_patient(self, call: Caller, office: Office, pending: str) -> None:
        consent = {"given_on": "2026-01-01", "method": "written"}
        other = call("POST", "/api/patients", json={"name": "B", "consent": consent}).json["id"]
        theirs = call.upload(UUID(other)).json["id"]
        for patient, session in ((other, theirs), (str(office.patient_id), pending)):
            found = call("GET", "/api/sessions/", query_string={"patient_id": patient}).json
            assert [item["id"] for item in found] == [session]

    def test_a_list_may_be_of_one_status(self, call: Caller, office: Office, processed: str) -> None:
        waiting = call.upload(office.patient_id).json["id"]
        for status, expected in (("processed", [processed]), ("pending", [waiting]), ("failed", [])):
            found = call("GET", "/api/sessions/", query_string={"status": status}).json
            assert [item["id"] for item in found] == expected

    def test_a_limit_is_from_one_to_a_thousand(self, call: Caller, office: Office) -> None:
        for _ in range(3):
            call.upload(office.patient_id)
        assert len(call("GET", "/api/sessions/?limit=2").json) == 2
        assert len(call("GET", "/api/sessions/?limit=1000").json) == 3
        for outside in ("0", "-1", "1001"):
            answer = call("GET", f"/api/sessions/?limit={outside}")
            assert is_problem(answer, 400, "limit_out_of_range")

    def test_pages_neither_repeat_nor_skip_while_sessions_arrive(self, call: Caller, office: Office) -> None:
        same_moment = "2026-01-01T12:00:00Z"
        before = {call.upload(office.patient_id, session_date=same_moment).json["id"] for _ in range(5)}
        path, seen = "/api/sessions/?limit=2", []
        while path:
            answer = call("GET", path)
            seen += [item["id"] for item in answer.json]
            path = answer.headers.get("Link", "").partition(">")[0].removeprefix("<")
            call.upload(office.patient_id, session_date="2026-06-01")  # newer: before the pages seen
        assert len(seen) == len(set(seen))
        assert set(seen) == before

    def test_a_list_holds_nothing_of_anybody_else(
        self, app: Flask, resources: Resources, office: Office, pending: str
    ) -> None:
        stranger = caller_of(app, resources, make_office(resources))
        assert stranger("GET", "/api/sessions/").json == []
        named = stranger("GET", "/api/sessions/", query_string={"patient_id": str(office.patient_id)})
        assert (named.status_code, named.json) == (200, [])


class TestExtractNotes:
    """Four."""

    def test_extracting_again_makes_a_new_version(
        self, call: Caller, resources: Resources, processed: str
    ) -> None:
        first = call("GET", f"/api/sessions/{processed}/notes").json
        answer = call("POST", f"/api/sessions/{processed}/extract-notes", json={"template": "default"})
        assert (answer.status_code, answer.json["status"]) == (202, "extracting_notes")
        assert answer.headers["Location"] == f"/api/sessions/{processed}"
        process(resources, processed)
        path = f"/api/sessions/{processed}/notes"
        assert (first["version"], call("GET", path).json["version"]) == (1, 2)
        assert call("GET", f"{path}?version=1").json == first

    def test_a_preferred_wait_gives_the_notes_and_the_time_they_took(
        self, resources: Resources, office: Office, processed: str
    ) -> None:
        eager = dataclasses.replace(resources, queue=eager_queue(resources.settings))
        call = caller_of(app_of(eager), eager, office)
        with working_at(bench_with(eager)):
            answer = call("POST", f"/api/sessions/{processed}/extract-notes", headers={"Prefer": "wait=30"})
        assert answer.status_code == 200
        assert set(answer.json) == {"extracted_notes", "processing_time"}
        assert NotesSchema().validate(answer.json["extracted_notes"]) == {}
        assert 0 < answer.json["processing_time"] < 30

    def test_without_a_transcript_there_is_nothing_to_extract_from(self, call: Caller, pending: str) -> None:
        answer = call("POST", f"/api/sessions/{pending}/extract-notes")
        assert is_problem(answer, 400, "no_transcript")

    def test_a_session_that_is_being_worked_on_is_not_extracted_from(
        self, call: Caller, processed: str
    ) -> None:
        path = f"/api/sessions/{processed}/extract-notes"
        assert call("POST", path).status_code == 202
        assert is_problem(call("POST", path), 409, "busy")


class TestBackgroundProcessing:
    """Two."""

    def test_a_spoken_recording_becomes_a_transcript_and_notes(
        self, call: Caller, resources: Resources, office: Office
    ) -> None:
        session_id = call.upload(office.patient_id, excerpt(20.0)).json["id"]
        eager = dataclasses.replace(resources, queue=eager_queue(resources.settings))
        with working_at(offline_bench(eager)):
            eager.queue.publish(UUID(session_id))
        document = call("GET", f"/api/sessions/{session_id}").json
        assert document["status"] == "processed", document["error"]
        assert len(document["transcript_text"].split()) > 20
        assert 19 < document["duration_seconds"] < 21
        assert NotesSchema().validate(document["extracted_notes"]) == {}

    def test_a_failure_is_told_with_a_code_and_a_retry_goes_on_from_it(
        self, call: Caller, resources: Resources, pending: str
    ) -> None:
        refused = PermanentStepError("The engine refused its credentials.", "engine_refused_credentials")
        transcriber = FakeTranscriber()
        process(resources, pending, transcriber=transcriber, extractor=FakeExtractor([refused]))
        failed = call("GET", f"/api/sessions/{pending}").json
        assert failed["status"] == "failed"
        assert failed["error"] == {"code": refused.code, "message": refused.detail}
        assert failed["transcript_text"]
        heard = transcriber.calls
        assert call("POST", f"/api/sessions/{pending}/retry").status_code == 202
        process(resources, pending, transcriber=transcriber)
        assert call("GET", f"/api/sessions/{pending}").json["status"] == "processed"
        assert transcriber.calls == heard


def offline_bench(resources: Resources) -> Workbench:
    """The workbench of a real worker with its offline engines, on these resources."""
    return dataclasses.replace(workbenches.build(resources.settings), resources=resources)


class TestErrors:
    """Four."""

    def test_a_caller_without_a_key_or_without_the_right_is_refused(
        self, app: Flask, resources: Resources, office: Office
    ) -> None:
        nobody = Caller(app.test_client(), None)
        refused = nobody.upload(office.patient_id)
        assert is_problem(refused, 401, "not_authenticated")
        assert refused.headers["WWW-Authenticate"].startswith("Bearer")
        reader = caller_of(app, resources, office, {Scope.SESSIONS_READ})
        assert is_problem(reader.upload(office.patient_id), 403, "scope_missing")

    def test_what_is_not_of_the_form_that_a_call_takes_is_told_by_field(
        self, call: Caller, office: Office
    ) -> None:
        assert is_problem(call("GET", "/api/sessions/not-a-uuid"), 422, "malformed_id")
        without_file = call(
            "POST", "/api/sessions/upload", query_string={"patient_id": str(office.patient_id)}
        )
        assert is_problem(without_file, 422, "file_missing")
        speakers = call.upload(office.patient_id, speakers="several")
        assert is_problem(speakers, 422, "validation_failed")
        assert set(speakers.json["errors"]) == {"speakers"}

    def test_without_the_database_every_call_says_when_to_come_back(
        self, call: Caller, resources: Resources, office: Office
    ) -> None:
        away = Database("postgresql://nobody@127.0.0.1:1/none")
        blind = Caller(app_of(dataclasses.replace(resources, database=away)).test_client(), call.key)
        for answer in (blind("GET", "/api/sessions/"), blind.upload(office.patient_id)):
            assert is_problem(answer, 503, "database_unavailable")
            assert int(answer.headers["Retry-After"]) > 0
        away.close()
        assert left_behind(resources) == []

    def test_an_address_and_a_method_that_do_not_exist_are_problems_too(
        self, call: Caller, pending: str
    ) -> None:
        assert is_problem(call("GET", "/api/session"), 404, "no_such_route")
        wrong = call("PATCH", f"/api/sessions/{pending}")
        assert is_problem(wrong, 405, "method_not_allowed")
        assert "GET" in wrong.headers["Allow"]


class TestEdgeCases:
    """Five."""

    def test_a_recording_is_accepted_while_the_broker_is_away_and_worked_on_later(
        self, resources: Resources, office: Office
    ) -> None:
        without = dataclasses.replace(
            limited(resources, redis_url=NOWHERE), queue=WorkQueue(make_app(NOWHERE, socket_timeout=1))
        )
        call = caller_of(app_of(without), without, office)
        answer = call.upload(office.patient_id)
        assert answer.status_code == 202
        process(resources, answer.json["id"])
        assert call("GET", answer.headers["Location"]).json["status"] == "processed"

    def test_a_file_name_loses_its_path_and_keeps_its_letters(self, call: Caller, office: Office) -> None:
        for sent, kept in {
            "../../etc/passwd.wav": "passwd.wav",
            "C:\\Users\\jane\\séance 4 – ünï 😀.wav": "séance 4 – ünï 😀.wav",
        }.items():
            answer = call.upload(office.patient_id, name=sent)
            assert (answer.status_code, answer.json["audio_filename"]) == (202, kept)

    def test_without_consent_nothing_is_recorded(
        self, call: Caller, resources: Resources, office: Office
    ) -> None:
        path, today = f"/api/patients/{office.patient_id}", datetime.now(UTC).date().isoformat()
        assert call("PATCH", path, json={"consent": {"revoked_on": today}}).status_code == 200
        assert is_problem(call.upload(office.patient_id), 409, "consent_revoked")
        assert left_behind(resources) == []

    def test_a_silent_recording_is_processed_and_says_that_nothing_was_said(
        self, call: Caller, resources: Resources, pending: str
    ) -> None:
        process(resources, pending, analyser=FakeSpeechAnalyser(plan_of(0)))
        document = call("GET", f"/api/sessions/{pending}").json
        assert (document["status"], document["transcript_segments"]) == ("processed", [])
        assert document["transcript_text"] == ""

    def test_recordings_sent_side_by_side_are_all_accepted_once(
        self, app: Flask, call: Caller, office: Office
    ) -> None:
        recordings = [media_files.wav(1.0 + number / 10) for number in range(6)]

        def send(recording: bytes) -> int:
            return Caller(app.test_client(), call.key).upload(office.patient_id, recording).status_code

        with ThreadPoolExecutor(6) as clients:
            assert list(clients.map(send, recordings)) == [202] * 6
        hashes = [item["audio_sha256"] for item in call("GET", "/api/sessions/").json]
        assert sorted(hashes) == sorted(hashlib.sha256(recording).hexdigest() for recording in recordings)

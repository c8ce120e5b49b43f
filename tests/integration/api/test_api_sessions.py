"""Reading sessions, transcripts and notes; extracting again; retrying; limits; health."""

import threading
from uuid import UUID

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import text

from shared.db.queries.records import notes, sessions
from shared.db.queries.work import outputs, steps
from shared.db.queries.work.outputs import Product
from shared.domain.notes.stored import upgraded
from shared.domain.status import Status
from shared.domain.transcripts.serialization import transcript_to_json
from shared.domain.values import Segment, Transcript, Word
from shared.pipeline import EXTRACT_NOTES
from shared.services.access.caller import ON_REQUEST_SCOPES, THERAPIST_SCOPES, Scope
from shared.services.resources import Resources
from shared.vault.sealing import Subject
from tests.database import everything
from tests.integration.api_client import Caller, caller_of
from tests.servers import Office

TRANSCRIPT = Transcript(
    segments=(
        Segment(0.0, 2.5, "How are you <today>?", "therapist", 0.9, (Word("How", 0.0, 0.4, 0.9),)),
        Segment(3661.25, 3663.0, "Better --> thanks.", "client", None, ()),
    ),
    duration_seconds=3700.0,
    language="en",
    engine="fake 1",
    draft=True,
    quality={"speech_share": 0.5},
)
NOTES = {
    "topic_summary": "Talked about *work*.",
    "session_mood": "neutral",
    "mood_trajectory": "stable",
    "key_topics": [
        {
            "text": "work",
            "evidence": [{"segment": 0, "start": 0.0, "end": 1.0, "quote": "the job"}],
            "verified": True,
        }
    ],
    "risk_flags": [],
    "therapist_notes": "For the therapist.",
    "patient_summary": "For you.",
}


@pytest.fixture
def session_id(call: Caller, office: Office) -> str:
    return str(call.upload(office.patient_id).json["id"])


@pytest.fixture
def processed(resources: Resources, office: Office, session_id: str) -> str:
    """A session with a transcript and one version of notes."""
    transcribe(resources, office, session_id)
    subject = Subject(office.caller.practice_id, UUID(session_id))
    with everything(resources) as db:
        notes.add(
            db,
            subject.practice_id,
            subject.id,
            version=1,
            body=resources.vault.seal(subject, notes.kind(1), NOTES),
            engine="rules 1",
            template="default",
        )
        db.execute(text("UPDATE steps SET state = 'done'"))
        for status in (Status.EXTRACTING_NOTES, Status.PROCESSED):
            assert sessions.move(db, subject.id, status)
    return session_id


def transcribe(resources: Resources, office: Office, session_id: str) -> None:
    subject = Subject(office.caller.practice_id, UUID(session_id))
    body = resources.vault.seal(subject, outputs.kind(Product.TRANSCRIPT), transcript_to_json(TRANSCRIPT))
    with everything(resources) as db:
        outputs.put(db, subject.practice_id, subject.id, Product.TRANSCRIPT, body)
        db.execute(text("UPDATE steps SET state = 'done' WHERE name = 'transcribe'"))
        db.execute(text("UPDATE steps SET state = 'ready' WHERE name = 'extract_notes'"))
        for status in (Status.TRANSCRIBING, Status.TRANSCRIBED):
            assert sessions.move(db, subject.id, status)


def fail(resources: Resources, session_id: str) -> None:
    with everything(resources) as db:
        assert sessions.move(db, UUID(session_id), Status.FAILED, error_code="x", error_detail="It broke.")
        db.execute(text("UPDATE steps SET state = 'failed' WHERE state IN ('ready', 'running')"))


def test_a_processed_session_shows_everything(call: Caller, processed: str) -> None:
    document = call("GET", f"/api/sessions/{processed}").json
    assert (document["status"], document["progress"], document["error"]) == ("processed", 100, None)
    assert document["transcript_text"] == "How are you <today>?\nBetter --> thanks."
    assert document["transcript_segments"][0] == {
        "start": 0.0, "end": 2.5, "text": "How are you <today>?", "speaker": "therapist",
    }  # fmt: skip
    assert document["extracted_notes"] == upgraded(NOTES)
    assert document["therapist_summary"] == "For the therapist."
    assert document["patient_summary"] == "For you."
    assert document["risk_flags"] == []
    assert document["quality"] == {"speech_share": 0.5}
    assert document["processed_at"].endswith("Z")


def test_a_failed_session_says_why(call: Caller, resources: Resources, session_id: str) -> None:
    fail(resources, session_id)
    document = call("GET", f"/api/sessions/{session_id}").json
    assert document["status"] == "failed"
    assert document["error"] == {"code": "x", "message": "It broke."}


def test_notes_are_withheld_from_a_key_that_may_not_read_them(
    app: Flask, resources: Resources, office: Office, processed: str
) -> None:
    reader = caller_of(app, resources, office, {Scope.SESSIONS_READ})
    document = reader("GET", f"/api/sessions/{processed}").json
    assert document["transcript_text"]
    assert document["extracted_notes"] is document["therapist_summary"] is document["risk_flags"] is None


def test_an_unchanged_session_is_a_304(call: Caller, resources: Resources, session_id: str) -> None:
    path = f"/api/sessions/{session_id}"
    etag = call("GET", path).headers["ETag"]
    again = call("GET", path, headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    with everything(resources) as db:
        sessions.move(db, UUID(session_id), Status.TRANSCRIBING)
    assert call("GET", path, headers={"If-None-Match": etag}).status_code == 200


def test_a_preferred_wait_ends_when_the_status_changes(
    call: Caller, resources: Resources, session_id: str
) -> None:
    def move() -> None:
        with everything(resources) as db:
            sessions.move(db, UUID(session_id), Status.TRANSCRIBING)

    mover = threading.Timer(0.3, move)
    mover.start()
    answer = call("GET", f"/api/sessions/{session_id}", headers={"Prefer": "wait=30"})
    mover.join()
    assert answer.json["status"] == "transcribing"
    assert answer.headers["Preference-Applied"] == "wait=30"


def test_a_preferred_wait_gives_up_in_time(call: Caller, session_id: str) -> None:
    answer = call("GET", f"/api/sessions/{session_id}", headers={"Prefer": "respond-async, wait=1"})
    assert answer.json["status"] == "pending"


def test_sessions_are_listed_newest_date_first_page_by_page(call: Caller, office: Office) -> None:
    for day in ("2026-01-02", "2026-01-03", "2026-01-01"):
        assert call.upload(office.patient_id, session_date=day).status_code == 202
    path, dates, pages = "/api/sessions/?limit=2", [], 0
    while path:
        answer = call("GET", path)
        dates += [item["session_date"][:10] for item in answer.json]
        link = answer.headers.get("Link", "")
        path = link.partition(">")[0].removeprefix("<")
        pages += 1
    assert dates == ["2026-01-03", "2026-01-02", "2026-01-01"]
    assert pages == 2
    assert "transcript_text" not in answer.json[0]


def test_sessions_are_listed_by_patient_and_status(
    call: Caller, resources: Resources, office: Office, session_id: str
) -> None:
    consent = {"given_on": "2026-01-01", "method": "verbal"}
    other = call("POST", "/api/patients", json={"name": "B", "consent": consent}).json["id"]
    call.upload(UUID(other))
    fail_only = {"status": "failed"}
    assert call("GET", "/api/sessions/", query_string=fail_only).json == []
    mine = call("GET", "/api/sessions/", query_string={"patient_id": other}).json
    assert [item["patient_id"] for item in mine] == [other]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("limit=0", 400),
        ("limit=1001", 400),
        ("limit=1000", 200),
        ("limit=many", 422),
        ("status=lost", 422),
        ("patient_id=1", 422),
        ("cursor=AAAA", 422),
        ("cursor=%ff", 422),
    ],
)
def test_a_lists_query_is_checked(call: Caller, query: str, status: int) -> None:
    for path in ("/api/sessions/", "/api/patients"):
        if path == "/api/patients" and not query.startswith(("limit", "cursor")):
            continue
        assert call("GET", f"{path}?{query}").status_code == status


def test_a_transcript_comes_in_four_forms(call: Caller, processed: str) -> None:
    path = f"/api/sessions/{processed}/transcript"
    document = call("GET", path).json
    assert document["segments"][0]["words"][0]["text"] == "How"
    vtt = call("GET", path, headers={"Accept": "text/vtt"})
    assert vtt.text == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:02.500\n<v therapist>How are you &lt;today&gt;?\n\n"
        "01:01:01.250 --> 01:01:03.000\n<v client>Better --&gt; thanks.\n"
    )
    assert vtt.headers["Content-Disposition"].startswith("attachment")
    srt = call("GET", f"{path}?format=srt")
    assert srt.mimetype == "application/x-subrip"
    assert srt.text.startswith("1\n00:00:00,000 --> 00:00:02,500\ntherapist: How are you <today>?\n\n2\n")
    assert call("GET", f"{path}?format=txt").text.endswith("[1:01:01] client: Better --> thanks.\n")
    assert call("GET", path, headers={"Accept": "image/png"}).status_code == 406
    assert call("GET", f"{path}?format=docx").status_code == 422


def test_there_is_a_404_until_there_is_a_transcript_or_notes(call: Caller, session_id: str) -> None:
    for kind, code in (("transcript", "no_transcript_yet"), ("notes", "no_notes")):
        answer = call("GET", f"/api/sessions/{session_id}/{kind}")
        assert (answer.status_code, answer.json["code"]) == (404, code)


def test_notes_come_as_json_and_markdown_by_version(call: Caller, processed: str) -> None:
    path = f"/api/sessions/{processed}/notes"
    found = call("GET", path).json
    assert (found["version"], found["engine"], found["extracted_notes"]) == (1, "rules 1", upgraded(NOTES))
    assert call("GET", f"{path}?version=1").json == found
    assert call("GET", f"{path}?version=2").status_code == 404
    assert call("GET", f"{path}?version=0").status_code == 422
    markdown = call("GET", path, headers={"Accept": "text/markdown"})
    assert markdown.text.startswith("# Session notes\n\n**DRAFT")
    assert "Talked about \\*work\\*." in markdown.text
    assert "- work[^1]" in markdown.text
    assert "“the job”" in markdown.text


def test_notes_are_extracted_again_from_a_processed_session(
    call: Caller, resources: Resources, processed: str
) -> None:
    answer = call("POST", f"/api/sessions/{processed}/extract-notes")
    assert (answer.status_code, answer.json["status"]) == (202, "extracting_notes"), answer.text
    with everything(resources) as db:
        assert steps.state_of(db, UUID(processed), EXTRACT_NOTES) == "ready"
    assert call("POST", f"/api/sessions/{processed}/extract-notes").status_code == 409
    assert queued(resources, "extract") == 1


def test_notes_are_extracted_after_a_failure_past_the_transcript(
    call: Caller, resources: Resources, office: Office, session_id: str
) -> None:
    transcribe(resources, office, session_id)
    fail(resources, session_id)
    answer = call("POST", f"/api/sessions/{session_id}/extract-notes", json={"template": "default"})
    assert (answer.status_code, answer.json["status"]) == (202, "extracting_notes")


def test_extracting_without_a_transcript_is_a_400(call: Caller, session_id: str) -> None:
    answer = call("POST", f"/api/sessions/{session_id}/extract-notes")
    assert (answer.status_code, answer.json["code"]) == (400, "no_transcript")


def test_extracting_with_a_preferred_wait_gives_the_notes(
    call: Caller, resources: Resources, processed: str
) -> None:
    def finish() -> None:
        with everything(resources) as db:
            sessions.move(db, UUID(processed), Status.PROCESSED)

    worker = threading.Timer(0.3, finish)
    worker.start()
    answer = call("POST", f"/api/sessions/{processed}/extract-notes", headers={"Prefer": "wait=30"})
    worker.join()
    assert answer.status_code == 200
    assert answer.json["extracted_notes"] == upgraded(NOTES)
    assert answer.json["processing_time"] > 0


def test_only_one_of_many_side_by_side_extracts(
    call: Caller, app: Flask, resources: Resources, processed: str
) -> None:
    statuses: list[int] = []

    def ask() -> None:
        one = Caller(app.test_client(), call.key)
        statuses.append(one("POST", f"/api/sessions/{processed}/extract-notes").status_code)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    with everything(resources) as db:
        db.execute(text("SELECT id FROM sessions FOR UPDATE"))  # until all of them stand at it
        for thread in threads:
            thread.start()
        while waiting_for_locks(resources) < len(threads):
            assert any(thread.is_alive() for thread in threads)
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [202, 409, 409, 409]


def waiting_for_locks(resources: Resources) -> int:
    with everything(resources) as db:
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        return int(db.execute(text(waiting)).scalar_one())


def test_a_failed_session_is_retried_from_where_it_failed(
    call: Caller, resources: Resources, office: Office, session_id: str
) -> None:
    assert call("POST", f"/api/sessions/{session_id}/retry").status_code == 409
    transcribe(resources, office, session_id)
    fail(resources, session_id)
    before = queued(resources, "transcribe")
    answer = call("POST", f"/api/sessions/{session_id}/retry")
    assert (answer.status_code, answer.json["status"], answer.json["error"]) == (202, "pending", None)
    with everything(resources) as db:
        assert steps.state_of(db, UUID(session_id), EXTRACT_NOTES) == "ready"
    assert queued(resources, "extract") == 1
    assert queued(resources, "transcribe") == before


def queued(resources: Resources, name: str) -> int:
    with Redis.from_url(resources.settings.redis_url) as redis:
        return int(redis.llen(name))


def test_a_patient_is_made_read_changed_and_deleted(call: Caller, resources: Resources) -> None:
    made = call(
        "POST",
        "/api/patients",
        json={"name": "Ann", "consent": {"given_on": "2026-01-01", "method": "written"}},
    )
    assert made.status_code == 201
    path = made.headers["Location"]
    assert call("GET", path).json == made.json
    assert made.json["consent"] == {
        "given_on": "2026-01-01T00:00:00Z", "method": "written", "revoked_on": None,
    }  # fmt: skip
    changed = call("PATCH", path, json={"name": "Anna"}).json
    assert (changed["name"], changed["consent"]) == ("Anna", made.json["consent"])
    with everything(resources) as db:
        assert b"Ann" not in bytes(
            db.execute(text("SELECT name FROM patients ORDER BY created_at DESC LIMIT 1")).scalar_one()
        )
    assert call("DELETE", path).status_code == 204
    assert call("GET", path).status_code == 404
    assert not list(resources.settings.keys_dir.rglob(f"{made.json['id']}.key"))


def test_a_patient_with_sessions_is_not_deleted(call: Caller, office: Office, session_id: str) -> None:
    answer = call("DELETE", f"/api/patients/{office.patient_id}")
    assert (answer.status_code, answer.json["code"]) == (409, "patient_has_sessions")


def test_a_bad_body_is_told_by_field_without_repeating_it(call: Caller) -> None:
    answer = call("POST", "/api/patients", json={"name": "", "CANARY": "x", "consent": {"SECRET": 1}})
    assert (answer.status_code, answer.json["code"]) == (422, "validation_failed")
    assert set(answer.json["errors"]) == {"name", "unknown_fields", "consent"}
    assert "CANARY" not in answer.text
    assert "SECRET" not in answer.text
    assert call("POST", "/api/patients", data="{", content_type="application/json").status_code == 400
    assert call("POST", "/api/patients", json=[1]).status_code == 422
    assert (
        call("POST", "/api/patients", data=b'"' + b"a" * 2**21, content_type="application/json").status_code
        == 413
    )


HARMFUL = ["x\ud800y", "x\x00y", "x\x1b[31my", "x\ny", "x\x7fy", "x\x9by", "x\u202ey", "x\u2028y", " \u200b "]


@pytest.mark.parametrize("said", HARMFUL, ids=ascii)
@pytest.mark.parametrize(
    ("path", "field", "rest"),
    [
        ("/api/patients", "name", {}),
        ("/api/keys", "label", {}),
        ("/api/patients", "consent.method", {"name": "A"}),
    ],
)
def test_a_text_unfit_to_be_kept_or_shown_is_a_422_that_does_not_repeat_it(
    app: Flask, resources: Resources, office: Office, path: str, field: str, rest: dict, said: str
) -> None:
    call = caller_of(app, resources, office, THERAPIST_SCOPES | ON_REQUEST_SCOPES)
    outer, _, inner = field.partition(".")
    value = {inner: said, "given_on": "2026-01-01"} if inner else said
    answer = call("POST", path, json={**rest, outer: value})
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json"), answer.text
    assert set(answer.json["errors"]) == {outer}
    assert said not in str(answer.json)


def test_a_template_of_broken_unicode_is_a_422(call: Caller, processed: str) -> None:
    answer = call("POST", f"/api/sessions/{processed}/extract-notes", json={"template": "x\ud800y"})
    assert (answer.status_code, set(answer.json["errors"])) == (422, {"template"})


def test_a_name_is_trimmed_and_may_be_in_any_script(call: Caller) -> None:
    made = call("POST", "/api/patients", json={"name": "  \u0410\u043d\u043d\u0430 \u6797\U0001f600  "})
    assert (made.status_code, made.json["name"]) == (201, "\u0410\u043d\u043d\u0430 \u6797\U0001f600")
    path = made.headers["Location"]
    assert call("PATCH", path, json={"name": "   "}).status_code == 422
    assert call("PATCH", path, json={"name": "x" * 301}).status_code == 422


@pytest.mark.parametrize(
    "body", ["[" * 50_000, '{"name":' * 50_000, "9" * 5_000, "{", b"\xff"], ids=lambda body: str(body[:9])
)
def test_a_body_that_is_no_readable_json_is_a_400(call: Caller, body: str | bytes) -> None:
    answer = call("POST", "/api/patients", data=body, content_type="application/json")
    assert (answer.status_code, answer.json["code"]) == (400, "malformed_request")
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", None])
def test_a_body_of_another_type_is_a_415_that_names_json(
    call: Caller, processed: str, media_type: str | None
) -> None:
    for path in (f"/api/sessions/{processed}/extract-notes", "/api/patients"):
        answer = call("POST", path, data=b'{"name": "A"}', content_type=media_type)
        assert (answer.status_code, answer.json["code"]) == (415, "unsupported_media_type")
        assert "application/json" in answer.json["detail"]
    empty = call("POST", f"/api/sessions/{processed}/extract-notes", data=b"", content_type=media_type)
    assert empty.status_code == 202


@pytest.mark.parametrize(
    "consent",
    [
        {"method": "written"},
        {"given_on": "2026-01-01"},
        {"given_on": "2026-01-01", "method": "telepathy"},
        {"given_on": "2026-01-02", "method": "verbal", "revoked_on": "2026-01-01"},
    ],
)
def test_a_consent_whose_parts_do_not_go_together_is_a_422(call: Caller, consent: dict) -> None:
    answer = call("POST", "/api/patients", json={"name": "Ann", "consent": consent})
    assert (answer.status_code, set(answer.json["errors"])) == (422, {"consent"}), answer.text
    assert "telepathy" not in answer.text
    assert [p for p in call("GET", "/api/patients").json if p["name"] == "Ann"] == []


def test_a_change_of_consent_is_judged_with_what_is_on_file(call: Caller) -> None:
    consent = {"given_on": "2026-01-02T12:00:00Z", "method": "electronic"}
    path = call("POST", "/api/patients", json={"name": "Ann", "consent": consent}).headers["Location"]

    def changed(**parts: str | None) -> int:
        return call("PATCH", path, json={"consent": parts}).status_code

    assert changed(method=None) == 422
    assert changed(revoked_on="2026-01-01") == 422
    assert changed(revoked_on="2026-01-02") == 200
    assert changed(given_on="2026-02-01") == 422
    assert changed(given_on="2026-02-01", revoked_on=None) == 200
    assert changed(given_on=None, method=None) == 200


def test_a_consent_from_before_methods_were_asked_for_can_be_revoked(
    call: Caller, resources: Resources, office: Office
) -> None:
    with everything(resources) as db:
        db.execute(text("UPDATE patients SET consent_method = NULL, consent_given_at = '2026-01-01'"))
    path = f"/api/patients/{office.patient_id}"
    assert call("PATCH", path, json={"consent": {"revoked_on": "2026-01-03"}}).status_code == 200

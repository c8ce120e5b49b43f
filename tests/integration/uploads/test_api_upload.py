"""Uploading: what is accepted, what is refused with which status, and what is left behind."""

import dataclasses
import hashlib
import io
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import werkzeug.formparser
from flask import Flask
from sqlalchemy import text

from shared.domain.errors import Unavailable
from shared.queue import WorkQueue, make_app
from shared.services.access.caller import Scope
from shared.services.resources import Resources
from shared.services.uploads import registration
from shared.storage.recordings import RECORDING
from shared.vault.sealing import Subject
from tests.database import everything
from tests.integration.api_client import Caller, app_of, caller_of, form, left_behind, tone
from tests.servers import Office, make_office

CANARY = b"CANARY_what_was_said_"


class Unread(io.RawIOBase):
    """A body that nobody may touch."""

    def readinto(self, buffer: object) -> int:
        raise AssertionError("the body was read")


def test_an_accepted_recording_is_stored_whole_and_promised(
    call: Caller, resources: Resources, office: Office
) -> None:
    content = tone(3)
    answer = call.upload(office.patient_id, content)

    assert answer.status_code == 202, answer.text
    session = answer.json
    assert answer.headers["Location"] == f"/api/sessions/{session['id']}"
    assert (session["status"], session["progress"]) == ("pending", 0)
    assert session["audio_sha256"] == hashlib.sha256(content).hexdigest()
    assert session["audio_bytes"] == len(content)
    assert session["audio_filename"] == "session.wav"
    with resources.recordings.open(
        Subject(office.caller.practice_id, UUID(session["id"])), RECORDING
    ) as source:
        assert source.read_at(0, source.size) == content
    with everything(resources) as db:
        states = dict(db.execute(text("SELECT name, state FROM steps")).all())
    assert states == {"transcribe": "ready", "extract_notes": "waiting", "persist": "waiting"}


def test_fields_may_stand_before_and_after_the_file(
    call: Caller, resources: Resources, office: Office
) -> None:
    parts = [
        ("patient_id", str(office.patient_id).encode(), None, None),
        ("session_date", b"2026-03-01T10:00:00+02:00", None, None),
        ("file", tone(), "a.wav", "audio/wav"),
        ("speakers", b"3", None, None),
        ("vocabulary", b"sertraline, EMDR", None, None),
        ("language", b"en-GB", None, None),
    ]
    answer = call("POST", "/api/sessions/upload", **form(parts))
    assert answer.status_code == 202, answer.text
    assert answer.json["session_date"] == "2026-03-01T08:00:00Z"
    with everything(resources) as db:
        assert db.execute(text("SELECT speakers, language FROM sessions")).one() == (3, "en-GB")


@pytest.mark.parametrize("speakers", ["1", "6"])
def test_one_to_six_may_speak(call: Caller, resources: Resources, office: Office, speakers: str) -> None:
    assert call.upload(office.patient_id, tone(), speakers=speakers).status_code == 202
    with everything(resources) as db:
        assert db.execute(text("SELECT speakers FROM sessions")).scalar_one() == int(speakers)


def test_a_plaintext_copy_is_never_spooled(
    call: Caller, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("a temporary file was made")

    monkeypatch.setattr(werkzeug.formparser, "default_stream_factory", forbidden)
    for name in ("TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, forbidden)
    # Past 500 KiB Werkzeug's own parser would spool.
    assert call.upload(office.patient_id, tone(60)).status_code == 202


def test_nothing_stored_holds_the_recording_in_plaintext(
    call: Caller, resources: Resources, office: Office
) -> None:
    content = tone()[:44] + CANARY * 4000
    assert call.upload(office.patient_id, content, name="Jane Doe.wav").status_code == 202
    stored = b"".join(path.read_bytes() for path in _files(resources))
    assert stored
    assert CANARY not in stored
    with everything(resources) as db:
        row = str(db.execute(text("SELECT * FROM sessions")).all())
    assert "Jane" not in row


def _files(resources: Resources) -> list[Path]:
    return [Path(path) for path in left_behind(resources)]


REFUSALS = {
    "no file name": ({"name": ""}, 400, "file_name_missing"),
    "extension": ({"name": "session.exe"}, 400, "extension_not_allowed"),
    "no extension": ({"name": "session"}, 400, "extension_not_allowed"),
    "declared text": ({"media_type": "text/plain"}, 400, "not_audio_or_video"),
    "declared odd audio": ({"media_type": "audio/midi"}, 415, "media_type_not_supported"),
    "tiny": ({"content": tone()[:1023]}, 400, "file_too_small"),
    "empty": ({"content": b""}, 400, "file_too_small"),
    "text inside": ({"content": b"just words, no sound. " * 100}, 415, "not_audio"),
    "elf inside": ({"content": b"\x7fELF\x02\x01\x01" + bytes(4000)}, 415, "not_audio"),
    "unknown field": ({"patientid": "x"}, 422, "validation_failed"),
    "bad speakers": ({"speakers": "many"}, 422, "validation_failed"),
    "no speaker": ({"speakers": "0"}, 422, "validation_failed"),
    "a crowd": ({"speakers": "7"}, 422, "validation_failed"),
    "date to come": ({"session_date": "2126-01-31"}, 422, "validation_failed"),
    "bad date": ({"session_date": "yesterday"}, 422, "validation_failed"),
    "date off the calendar": ({"session_date": "0001-01-01T00:00:00+14:00"}, 422, "validation_failed"),
    "unknown template": ({"template": "../../etc"}, 422, "validation_failed"),
}


@pytest.mark.parametrize(("options", "status", "code"), REFUSALS.values(), ids=REFUSALS.keys())
def test_what_is_refused_leaves_nothing_behind(
    call: Caller, resources: Resources, office: Office, options: dict, status: int, code: str
) -> None:
    answer = call.upload(office.patient_id, **options)
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    assert answer.content_type == "application/problem+json"
    assert left_behind(resources) == []


def test_a_missing_file_part_is_a_422(call: Caller, office: Office) -> None:
    query = {"patient_id": str(office.patient_id)}
    for options in (
        {},
        form([("speakers", b"2", None, None)]),
        {"json": {"file": "x"}},
        form([]),
    ):
        answer = call("POST", "/api/sessions/upload", query_string=query, **options)
        assert (answer.status_code, answer.json["code"]) == (422, "file_missing"), answer.text


def test_two_files_are_a_422(call: Caller, resources: Resources, office: Office) -> None:
    files = [("file", tone(), "a.wav", "audio/wav"), ("file", tone(), "b.wav", "audio/wav")]
    query = {"patient_id": str(office.patient_id)}
    answer = call("POST", "/api/sessions/upload", query_string=query, **form(files))
    assert answer.status_code == 422
    assert left_behind(resources) == []


def test_the_patient_is_checked_before_the_body_is_read(call: Caller) -> None:
    answer = call(
        "POST",
        "/api/sessions/upload",
        query_string={"patient_id": str(uuid4())},
        content_type="multipart/form-data; boundary=x",
        environ_overrides={"wsgi.input": Unread(), "CONTENT_LENGTH": "10000"},
    )
    assert (answer.status_code, answer.json["code"]) == (404, "patient_not_found")


def test_a_length_over_the_limit_is_refused_before_the_body_is_read(call: Caller, office: Office) -> None:
    answer = call(
        "POST",
        "/api/sessions/upload",
        query_string={"patient_id": str(office.patient_id)},
        content_type="multipart/form-data; boundary=x",
        environ_overrides={"wsgi.input": Unread(), "CONTENT_LENGTH": str(600 * 1024 * 1024)},
    )
    assert (answer.status_code, answer.json["code"]) == (413, "recording_too_large")
    assert answer.headers["Connection"] == "close"


def test_the_byte_over_the_limit_is_refused_while_streaming(resources: Resources, office: Office) -> None:
    content = tone()
    exact = dataclasses.replace(
        resources, settings=dataclasses.replace(resources.settings, max_upload_bytes=len(content))
    )
    assert caller_of(app_of(exact), exact, office).upload(office.patient_id, content).status_code == 202
    less = dataclasses.replace(
        resources, settings=dataclasses.replace(resources.settings, max_upload_bytes=len(content) - 1)
    )
    before = left_behind(resources)
    answer = caller_of(app_of(less), less, office).upload(office.patient_id, content)
    assert (answer.status_code, answer.json["code"]) == (413, "recording_too_large")
    assert left_behind(resources) == before


@pytest.mark.parametrize("cut", [10, 200, 5000])
def test_a_body_that_breaks_off_leaves_nothing(
    call: Caller, resources: Resources, office: Office, cut: int
) -> None:
    whole = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n'
        b"Content-Type: audio/wav\r\n\r\n" + tone() + b"\r\n--x--\r\n"
    )
    answer = call(
        "POST",
        "/api/sessions/upload",
        query_string={"patient_id": str(office.patient_id)},
        content_type="multipart/form-data; boundary=x",
        environ_overrides={"wsgi.input": io.BytesIO(whole[:cut]), "CONTENT_LENGTH": str(len(whole))},
    )
    assert answer.status_code == 400
    assert left_behind(resources) == []


@pytest.mark.parametrize(
    "name", ["../../etc/passwd.wav", "C:\\Users\\jane\\a.wav", "a\u202ewav.wav", "n" * 5000 + ".wav"]
)
def test_a_file_name_is_cleaned(call: Caller, office: Office, name: str) -> None:
    answer = call.upload(office.patient_id, name=name)
    assert answer.status_code == 202
    kept = answer.json["audio_filename"]
    assert len(kept) <= 255
    assert not set(kept) & set("/\\\u202e")
    assert kept.endswith(".wav")


def test_revoked_consent_refuses_the_upload(call: Caller, resources: Resources, office: Office) -> None:
    path = f"/api/patients/{office.patient_id}"
    today = datetime.now(UTC).date().isoformat()
    assert call("PATCH", path, json={"consent": {"revoked_on": today}}).status_code == 200
    answer = call.upload(office.patient_id)
    assert (answer.status_code, answer.json["code"]) == (409, "consent_revoked")
    assert "revoked" in answer.json["detail"]
    assert left_behind(resources) == []


def test_a_patient_without_consent_refuses_the_upload(call: Caller, resources: Resources) -> None:
    patient = call("POST", "/api/patients", json={"name": "Ann"}).json["id"]
    answer = call.upload(UUID(patient))
    assert (answer.status_code, answer.json["code"]) == (409, "no_consent")
    assert left_behind(resources) == []


def test_a_language_the_transcriber_does_not_know_is_refused_before_the_file_is_read(
    call: Caller, office: Office
) -> None:
    # The file has no end: reading on would be a 400.
    cut = form([("language", b"de", None, None), ("file", b"", "a.wav", "audio/wav")])
    cut["data"] = cut["data"].removesuffix(b"\r\n--x-x-x--\r\n") + tone()
    query = {"patient_id": str(office.patient_id)}
    answer = call("POST", "/api/sessions/upload", query_string=query, **cut)
    assert (answer.status_code, answer.json["code"]) == (422, "language_not_supported"), answer.text
    assert "SESSIONSCRIBE_TRANSCRIBER" in answer.json["detail"]
    assert set(answer.json["errors"]) == {"language"}


def test_a_language_named_after_the_file_is_checked_too(
    call: Caller, resources: Resources, office: Office
) -> None:
    parts = [("file", tone(), "a.wav", "audio/wav"), ("language", b"de", None, None)]
    query = {"patient_id": str(office.patient_id)}
    answer = call("POST", "/api/sessions/upload", query_string=query, **form(parts))
    assert (answer.status_code, answer.json["code"]) == (422, "language_not_supported")
    assert left_behind(resources) == []


@pytest.mark.parametrize("language", ["en", "en-US", "en-GB"])
def test_every_kind_of_english_is_a_language_the_transcriber_knows(
    call: Caller, office: Office, language: str
) -> None:
    assert call.upload(office.patient_id, language=language).status_code == 202


def test_another_transcriber_takes_other_languages(resources: Resources, office: Office) -> None:
    settings = dataclasses.replace(resources.settings, transcriber="faster-whisper", whisper_model="small")
    other = dataclasses.replace(resources, settings=settings)
    assert caller_of(app_of(other), other, office).upload(office.patient_id, language="de").status_code == 202


def test_a_refused_type_tells_curl_users_what_to_add(call: Caller, office: Office) -> None:
    answer = call.upload(office.patient_id, media_type="application/octet-stream")
    assert (answer.status_code, answer.json["code"]) == (400, "not_audio_or_video")
    assert ";type=audio/wav" in answer.json["detail"]


def test_vocabulary_may_have_lines_and_no_other_controls(call: Caller, office: Office) -> None:
    assert call.upload(office.patient_id, vocabulary="EMDR\r\nsertraline, CBT").status_code == 202
    for bad in ("EM\x1b[31mDR", "EM\x00DR", "EM\u202eDR", " \n "):
        answer = call.upload(office.patient_id, vocabulary=bad)
        assert (answer.status_code, set(answer.json["errors"])) == (422, {"vocabulary"}), ascii(bad)
        assert "EM" not in answer.text


def test_somebody_elses_patient_looks_like_none(call: Caller, resources: Resources) -> None:
    theirs = call.upload(make_office(resources).patient_id)
    none = call.upload(uuid4())
    assert theirs.status_code == none.status_code == 404
    assert {**theirs.json, "request_id": ""} == {**none.json, "request_id": ""}


def test_the_patient_may_be_named_in_the_form_but_not_differently(call: Caller, office: Office) -> None:
    assert call.upload(None, patient_id=str(office.patient_id)).status_code == 202
    assert call.upload(office.patient_id, patient_id=str(uuid4())).status_code == 422
    assert call.upload(None).status_code == 422
    assert call.upload(None, patient_id="not-a-uuid").status_code == 422


def test_an_upload_is_accepted_while_the_broker_is_down(resources: Resources, office: Office) -> None:
    gone = "redis://127.0.0.1:1/0"
    without = dataclasses.replace(
        resources,
        settings=dataclasses.replace(resources.settings, redis_url=gone),
        queue=WorkQueue(make_app(gone, socket_timeout=1)),
    )
    answer = caller_of(app_of(without), without, office).upload(office.patient_id)
    assert answer.status_code == 202
    assert answer.json["status"] == "pending"


def test_a_full_disk_is_a_503_with_nothing_half_saved(resources: Resources, office: Office) -> None:
    class Full(type(resources.recordings.store)):
        def create(self, name: str) -> object:
            raise Unavailable("The disk is full.", "disk_full")

    recordings = type(resources.recordings)(Full(resources.recordings.store._folder), resources.vault.keys)
    full = dataclasses.replace(resources, recordings=recordings)
    answer = caller_of(app_of(full), full, office).upload(office.patient_id)
    assert (answer.status_code, answer.json["code"]) == (503, "disk_full")
    assert int(answer.headers["Retry-After"]) > 0
    assert left_behind(resources) == []


def test_a_key_without_the_scope_may_not_upload(app: Flask, resources: Resources, office: Office) -> None:
    reader = caller_of(app, resources, office, {Scope.SESSIONS_READ})
    answer = reader.upload(office.patient_id)
    assert (answer.status_code, answer.json["code"]) == (403, "scope_missing")


def test_what_a_client_does_not_say_is_two_speakers_and_no_reference(
    call: Caller, resources: Resources, office: Office
) -> None:
    first = call.upload(office.patient_id, tone()).json
    second = call.upload(office.patient_id, tone(2), external_id="X-1").json
    assert (first["external_id"], second["external_id"]) == (None, "X-1")
    with everything(resources) as db:
        rows = db.execute(
            text(
                "SELECT speakers, external_id IS NULL, external_id_hash IS NULL FROM sessions"
                " ORDER BY created_at"
            )
        )
        assert rows.all() == [(2, True, True), (2, False, False)]


def test_a_recording_that_joins_a_session_is_registered_there(
    call: Caller, resources: Resources, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    joined, content = call.upload(office.patient_id, tone()).json["id"], tone(2)
    told: list[tuple[object, ...]] = []
    monkeypatch.setattr(registration.joining, "register", lambda *given: told.append(given[2:6]))
    assert call.upload(None, content, joins=joined).status_code == 202
    ((session_id, recording, size, sha256),) = told
    assert (str(session_id), size, sha256) == (joined, len(content), hashlib.sha256(content).hexdigest())
    assert str(getattr(recording, "id", None)) != joined

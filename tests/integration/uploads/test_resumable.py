"""Resumable uploads: the tus protocol, and that what arrives so is treated as any other upload."""

import base64
import dataclasses
import hashlib
import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis
from sqlalchemy import text

from shared.db.queries.records import uploads
from shared.domain.errors import TooLarge, Unavailable, UnsupportedMedia
from shared.pipeline import REDACT
from shared.services.lifecycle import deletion
from shared.services.resources import Resources
from shared.services.retention import holds
from shared.services.retention.holds import Target
from shared.services.uploads import resumable, tus_creation, tus_patch
from shared.services.uploads.registration import UploadDetails
from shared.storage.recordings import RECORDING
from shared.vault.sealing import Subject
from tests.database import everything
from tests.integration.api_client import Caller, app_of, caller_of, left_behind, tone
from tests.integration.resumable import TUS, announce, ask, begun, metadata, send
from tests.servers import Office, make_office

CONTENT = tone(3)  # 96,044 bytes: more than one frame
CANARY = b"CANARY_what_was_said_"


def stored(resources: Resources, office: Office, address: str) -> bytes:
    session = Subject(office.caller.practice_id, UUID(address.rsplit("/", 1)[1]))
    with resources.recordings.open(session, RECORDING) as source:
        return source.read_at(0, source.size)


def offset_of(call: Caller, address: str) -> int:
    return int(ask(call, address).headers["Upload-Offset"])


def test_options_says_what_is_offered_to_everybody(app: Flask, resources: Resources) -> None:
    answer = Caller(app.test_client(), None)("OPTIONS", "/api/uploads")
    assert answer.status_code == 204
    assert answer.headers["Tus-Resumable"] == answer.headers["Tus-Version"] == "1.0.0"
    assert answer.headers["Tus-Max-Size"] == str(resources.settings.max_upload_bytes)
    assert set(answer.headers["Tus-Extension"].split(",")) == {
        "creation", "creation-defer-length", "expiration", "checksum", "termination",
    }  # fmt: skip
    assert "sha1" in answer.headers["Tus-Checksum-Algorithm"].split(",")


def test_an_upload_in_parts_becomes_a_session_like_any_other(
    call: Caller, resources: Resources, office: Office
) -> None:
    address = begun(
        call, len(CONTENT), office.patient_id, session_date="2026-03-01T10:00:00+02:00", speakers="3",
        language="en-GB", vocabulary="EMDR",
    )  # fmt: skip
    answer = send(call, address, 0, CONTENT[:70_000])
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, "70000")
    assert answer.headers["Upload-Expires"].endswith("GMT")
    answer = send(call, address, 70_000, CONTENT[70_000:])
    assert answer.status_code == 204, answer.text
    assert answer.headers["Upload-Offset"] == str(len(CONTENT))

    session = call("GET", answer.headers["Content-Location"]).json
    multipart = call.upload(
        office.patient_id, CONTENT, session_date="2026-03-01T10:00:00+02:00", speakers=3, language="en-GB",
        vocabulary="EMDR",
    ).json  # fmt: skip
    theirs_alone = {"id", "created_at", "updated_at", "audio_url"}
    assert {k: v for k, v in session.items() if k not in theirs_alone} == {
        k: v for k, v in multipart.items() if k not in theirs_alone
    }
    assert session["audio_sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert stored(resources, office, address) == CONTENT
    with everything(resources) as db:
        assert db.execute(text("SELECT count(*) FROM uploads")).scalar_one() == 0
        states = dict(
            db.execute(
                text("SELECT name, state FROM steps WHERE session_id = :id"), {"id": session["id"]}
            ).all()
        )
        assert states["transcribe"] == "ready"
        details = "SELECT speakers, language, vocabulary IS NOT NULL FROM sessions"
        assert set(db.execute(text(details)).all()) == {(3, "en-GB", True)}


def test_what_is_off_the_record_is_taken_out_before_anything_else(
    call: Caller, resources: Resources, office: Office
) -> None:
    with Redis.from_url(resources.settings.redis_url) as redis:
        before = redis.llen(REDACT.queue)
        address = begun(call, len(CONTENT), office.patient_id, off_the_record="1-2")
        assert send(call, address, 0, CONTENT).status_code == 204
        messages = redis.lrange(REDACT.queue, 0, redis.llen(REDACT.queue) - before - 1)
    assert [json.loads(message)["headers"]["task"] for message in messages] == [REDACT.task]


def test_the_recording_is_heard_as_it_was_sent(call: Caller, office: Office) -> None:
    address = begun(call, len(CONTENT), office.patient_id)
    for begin in range(0, len(CONTENT), 30_000):
        assert send(call, address, begin, CONTENT[begin : begin + 30_000]).status_code == 204
    session_id = address.rsplit("/", 1)[1]
    whole = call("GET", f"/api/sessions/{session_id}/audio")
    part = call("GET", f"/api/sessions/{session_id}/audio", headers={"Range": "bytes=59990-60009"})
    assert whole.data == CONTENT
    assert (part.status_code, part.data) == (206, CONTENT[59_990:60_010])


def test_head_tells_offset_length_metadata_and_expiry(call: Caller, office: Office) -> None:
    address = begun(call, len(CONTENT), office.patient_id)
    send(call, address, 0, CONTENT[:100])
    answer = ask(call, address)
    assert answer.status_code == 200
    assert answer.headers["Upload-Offset"] == "100"
    assert answer.headers["Upload-Length"] == str(len(CONTENT))
    assert answer.headers["Upload-Metadata"] == metadata(office.patient_id)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Upload-Expires" in answer.headers


def test_whoever_missed_the_last_answer_learns_that_all_is_there(call: Caller, office: Office) -> None:
    address = begun(call, len(CONTENT), office.patient_id)
    send(call, address, 0, CONTENT)
    answer = ask(call, address)
    assert answer.headers["Upload-Offset"] == answer.headers["Upload-Length"] == str(len(CONTENT))
    assert answer.headers["Content-Location"].startswith("/api/sessions/")
    assert send(call, address, len(CONTENT), b"").status_code == 204
    assert send(call, address, len(CONTENT), b"x").json["code"] == "upload_complete"
    assert send(call, address, 0, CONTENT).status_code == 409


REFUSED_CALLS = {
    "another version": ({"Tus-Resumable": "0.2.2"}, 412, "tus_version_not_supported"),
    "no offset": ({"Upload-Offset": ""}, 400, "upload_header_invalid"),
    "a negative offset": ({"Upload-Offset": "-1"}, 400, "upload_header_invalid"),
    "a wrong offset": ({"Upload-Offset": "7"}, 409, "upload_offset_conflict"),
    "another type": ({"Content-Type": "application/json"}, 415, "unsupported_media_type"),
    "an unknown checksum": ({"Upload-Checksum": "crc32 AAAA"}, 400, "upload_checksum_invalid"),
    "a checksum that is none": ({"Upload-Checksum": "sha1 ???"}, 400, "upload_checksum_invalid"),
}


@pytest.mark.parametrize(("headers", "status", "code"), REFUSED_CALLS.values(), ids=REFUSED_CALLS.keys())
def test_what_the_protocol_forbids_is_refused_and_changes_nothing(
    call: Caller, office: Office, headers: dict[str, str], status: int, code: str
) -> None:
    address = begun(call, len(CONTENT), office.patient_id)
    own = {name.replace("-", "_"): value for name, value in headers.items()}
    answer = send(call, address, 0, CONTENT[:10], **own)
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    assert answer.content_type == "application/problem+json"
    assert answer.headers["Tus-Resumable"] == "1.0.0"
    assert ("Tus-Version" in answer.headers) == (status == 412)
    assert offset_of(call, address) == 0


REFUSED_CREATIONS = {
    "no length": ({"Upload-Length": ""}, 400, "upload_header_invalid"),
    "too large": ({"Upload-Length": str(10**12)}, 413, "recording_too_large"),
    "too small": ({"Upload-Length": "10"}, 400, "file_too_small"),
    "no metadata": ({"Upload-Metadata": ""}, 400, "file_name_missing"),
    "metadata that is no base64": ({"Upload-Metadata": "filename ???"}, 400, "upload_metadata_invalid"),
    "metadata that is no UTF-8": ({"Upload-Metadata": "filename /w=="}, 400, "upload_metadata_invalid"),
    "no patient": ({"Upload-Metadata": metadata(None)}, 422, "validation_failed"),
    "somebody's patient": ({"Upload-Metadata": metadata(uuid4())}, 404, "patient_not_found"),
    "an unknown key": ({"Upload-Metadata": metadata(None, spam="x")}, 422, "validation_failed"),
    "no recording by its name": ({"Upload-Metadata": metadata(None, filename="a.exe")}, 422, None),
    "another version": ({"Tus-Resumable": "2.0.0"}, 412, "tus_version_not_supported"),
}


@pytest.mark.parametrize(
    ("headers", "status", "code"), REFUSED_CREATIONS.values(), ids=REFUSED_CREATIONS.keys()
)
def test_an_upload_is_refused_before_a_byte_is_sent(
    call: Caller, resources: Resources, office: Office, headers: dict[str, str], status: int, code: str | None
) -> None:
    usual = {**TUS, "Upload-Length": "96044", "Upload-Metadata": metadata(office.patient_id)}
    answer = call("POST", "/api/uploads", headers={**usual, **headers})
    assert answer.status_code == status, answer.text
    assert code in (None, answer.json["code"])
    assert left_behind(resources) == []


def test_the_metadata_of_uppy_is_taken(call: Caller, office: Office) -> None:
    uppy = {"name": "session.wav", "type": "audio/wav", "relativePath": "null"}
    answer = announce(call, len(CONTENT), office.patient_id, **uppy)
    assert answer.status_code == 201, answer.text
    address = answer.headers["Location"]
    assert send(call, address, 0, CONTENT).status_code == 204
    session = call("GET", f"/api/sessions/{address.rsplit('/', 1)[1]}")
    assert session.json["audio_filename"] == "session.wav"


def test_a_name_without_filename_is_the_files(call: Caller, office: Office) -> None:
    texts = {"filename": "", "filetype": "", "name": "session.wav", "type": "audio/wav"}
    assert announce(call, len(CONTENT), office.patient_id, **texts).status_code == 201


def test_a_key_that_comes_twice_is_refused(call: Caller, office: Office) -> None:
    twice = f"{metadata(office.patient_id)},filename {base64.b64encode(b'b.wav').decode()}"
    answer = call("POST", "/api/uploads", headers={**TUS, "Upload-Length": "9", "Upload-Metadata": twice})
    assert (answer.status_code, answer.json["code"]) == (400, "upload_metadata_invalid")


def test_extension_type_and_language_are_checked_at_once(call: Caller, office: Office) -> None:
    for texts, status in (
        ({"filename": "a.exe"}, 400),
        ({"filetype": "text/plain"}, 400),
        ({"filetype": "audio/midi"}, 415),
        ({"language": "de"}, 422),
        ({"speakers": "99"}, 422),
        ({"template": "no such template"}, 422),
    ):
        assert announce(call, 2000, office.patient_id, **texts).status_code == status, texts


def test_a_part_beyond_the_length_is_refused(call: Caller, office: Office) -> None:
    address = begun(call, 5000, office.patient_id)
    assert send(call, address, 0, bytes(100)).status_code == 204
    answer = send(call, address, 100, bytes(4901))
    assert (answer.status_code, answer.json["code"]) == (413, "upload_longer_than_announced")
    assert offset_of(call, address) == 100


def test_a_part_of_unknown_length_that_comes_to_too_much_leaves_nothing_of_itself(
    call: Caller, resources: Resources, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even what was safe by then: the client would go on behind bytes that may not be its own."""
    monkeypatch.setattr(tus_patch, "SAFE_SECONDS", 0.0)
    address = begun(call, len(CONTENT), office.patient_id)
    assert send(call, address, 0, CONTENT[:100]).status_code == 204
    upload_id = UUID(address.rsplit("/", 1)[1])

    def too_much(write: object) -> None:
        write(b"x" * 80_000)  # type: ignore[operator]
        assert offset_of(call, address) > 100
        write(CONTENT)  # type: ignore[operator]

    with pytest.raises(TooLarge):
        resumable.receive(resources, office.caller, upload_id, 100, too_much)
    assert offset_of(call, address) == 100
    assert send(call, address, 100, CONTENT[100:]).status_code == 204
    assert stored(resources, office, address) == CONTENT


def test_answers_without_a_body_name_no_type(call: Caller, office: Office) -> None:
    made = announce(call, len(CONTENT), office.patient_id)
    address = made.headers["Location"]
    for answer in (
        made,
        ask(call, address),
        send(call, address, 0, CONTENT[:10]),
        call("OPTIONS", "/api/uploads"),
        call("DELETE", address, headers=TUS),
    ):
        assert answer.status_code < 300
        assert "Content-Type" not in answer.headers
    assert call("HEAD", "/api/whoami").content_type == "application/json"


def test_errors_of_routing_are_signed_as_the_protocol_wants(call: Caller, office: Office) -> None:
    address = begun(call, len(CONTENT), office.patient_id)
    for answer in (call("PUT", "/api/uploads"), call("GET", address), call("GET", f"{address}/none")):
        assert answer.status_code in (404, 405)
        assert answer.headers["Tus-Resumable"] == "1.0.0"
    assert "Tus-Resumable" not in call("GET", "/api/uploadsome").headers


def checksum(algorithm: str, data: bytes) -> str:
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_part_with_another_checksum_is_thrown_away(call: Caller, office: Office, algorithm: str) -> None:
    address = begun(call, len(CONTENT), office.patient_id)
    send(call, address, 0, CONTENT[:1000])
    right = checksum(algorithm, CONTENT[1000:80_000])
    answer = send(call, address, 1000, b"x" + CONTENT[1001:80_000], Upload_Checksum=right)
    assert (answer.status_code, answer.json["code"]) == (460, "checksum_mismatch")
    assert answer.status == "460 Checksum Mismatch"
    assert offset_of(call, address) == 1000
    assert send(call, address, 1000, CONTENT[1000:80_000], Upload_Checksum=right).status_code == 204
    assert send(call, address, 80_000, CONTENT[80_000:]).status_code == 204
    assert (
        call("GET", ask(call, address).headers["Content-Location"]).json["audio_sha256"]
        == hashlib.sha256(CONTENT).hexdigest()
    )


def test_what_is_given_up_is_gone(call: Caller, resources: Resources, office: Office) -> None:
    address = begun(call, len(CONTENT), office.patient_id)
    send(call, address, 0, CONTENT[:50_000])
    assert left_behind(resources)
    assert call("DELETE", address, headers=TUS).status_code == 204
    assert left_behind(resources) == []
    assert ask(call, address).status_code == 404
    assert call("DELETE", address, headers=TUS).status_code == 404


def test_a_client_that_can_only_post_names_the_method_in_a_header(call: Caller, office: Office) -> None:
    address = begun(call, len(CONTENT), office.patient_id)
    headers = {**TUS, "X-HTTP-Method-Override": "PATCH", "Upload-Offset": "0"}
    answer = call(
        "POST", address, headers={**headers, "Content-Type": "application/offset+octet-stream"}, data=b"RIFF"
    )
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, "4")
    assert call("POST", "/api/patients", headers={"X-HTTP-Method-Override": "DELETE"}).status_code == 422


def test_no_post_is_answered_as_head_with_a_length_and_no_body(call: Caller) -> None:
    headers = {**TUS, "X-HTTP-Method-Override": "HEAD"}
    answer = call("POST", f"/api/uploads/{uuid4()}", headers=headers)
    assert answer.status_code == 405
    assert int(answer.headers["Content-Length"]) == len(answer.data) > 0


@pytest.mark.parametrize("content", [b"just words, no sound. " * 5000, bytes(100_000)])
def test_what_is_no_recording_is_refused_at_its_end_and_leaves_nothing(
    call: Caller, resources: Resources, office: Office, content: bytes
) -> None:
    address = begun(call, len(content), office.patient_id)
    assert send(call, address, 0, content[:70_000]).status_code == 204
    answer = send(call, address, 70_000, content[70_000:])
    assert answer.status_code == 415, answer.text
    assert left_behind(resources) == []
    assert ask(call, address).status_code == 404


def test_no_plaintext_of_a_part_is_stored(call: Caller, resources: Resources, office: Office) -> None:
    address = begun(call, 5_000_000, office.patient_id, filename="Jane Doe.wav")
    send(call, address, 0, CANARY * 5000)
    send(call, address, len(CANARY) * 5000, CANARY)
    on_disk = b"".join(Path(path).read_bytes() for path in left_behind(resources))
    assert on_disk
    assert b"CANARY" not in on_disk
    with everything(resources) as db:
        assert "Jane" not in str(db.execute(text("SELECT * FROM uploads")).all())
        assert b"SmFuZSBEb2Uu" not in bytes(db.execute(text("SELECT details FROM uploads")).scalar_one())


def test_revoked_consent_ends_an_upload(call: Caller, resources: Resources, office: Office) -> None:
    address = begun(call, len(CONTENT), office.patient_id)
    send(call, address, 0, CONTENT[:50_000])
    change = {"consent": {"revoked_on": datetime.now(UTC).isoformat()}}
    assert call("PATCH", f"/api/patients/{office.patient_id}", json=change).status_code == 200
    assert ask(call, address).status_code == 404
    assert announce(call, 2000, office.patient_id).status_code == 409
    swept_away(resources)
    assert left_behind(resources) == []


def swept_away(resources: Resources) -> None:
    assert resumable.sweep(resources.database) == 1
    with everything(resources) as db:
        db.execute(text("UPDATE erasures SET due_at = now(), last_at = now()"))
    assert deletion.erase_due(resources.database, resources.recordings, resources.vault.keys) == 1


def test_an_expired_upload_is_removed_and_others_stay(
    call: Caller, resources: Resources, office: Office
) -> None:
    old, new = (begun(call, len(CONTENT), office.patient_id) for _ in range(2))
    for address in (old, new):
        send(call, address, 0, CONTENT[:50_000])
    with everything(resources) as db:
        db.execute(
            text("UPDATE uploads SET expires_at = now() WHERE id = :id"), {"id": old.rsplit("/", 1)[1]}
        )
    assert ask(call, old).status_code == 404
    assert send(call, old, 50_000, b"x").status_code == 404
    swept_away(resources)
    assert send(call, new, 50_000, CONTENT[50_000:]).status_code == 204
    assert len(left_behind(resources)) == 2  # the recording and its key


def test_one_key_makes_one_upload(call: Caller, office: Office) -> None:
    first = announce(call, len(CONTENT), office.patient_id, key="k-1")
    again = announce(call, len(CONTENT), office.patient_id, key="k-1")
    assert (again.status_code, again.headers["Location"]) == (201, first.headers["Location"])
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Upload-Expires"] == first.headers["Upload-Expires"]
    assert (
        announce(call, len(CONTENT) + 1, office.patient_id, key="k-1").json["code"]
        == "idempotency_key_reused"
    )


def test_accepted_uploads_count_however_they_come(resources: Resources, office: Office) -> None:
    limited = dataclasses.replace(
        resources, settings=dataclasses.replace(resources.settings, uploads_per_hour=2)
    )
    call = caller_of(app_of(limited), limited, office)
    addresses = [begun(call, len(CONTENT), office.patient_id) for _ in range(3)]
    assert [send(call, address, 0, CONTENT).status_code for address in addresses] == [204, 204, 429]
    assert call.upload(office.patient_id).status_code == 429
    assert announce(call, 2000, office.patient_id).status_code == 429
    assert 0 < offset_of(call, addresses[2]) < len(CONTENT)  # open still, for when there is room again


def test_unfinished_uploads_count_towards_the_days_bytes(resources: Resources, office: Office) -> None:
    limited = dataclasses.replace(
        resources, settings=dataclasses.replace(resources.settings, practice_mib_per_day=1)
    )
    call = caller_of(app_of(limited), limited, office)
    begun(call, 600_000, office.patient_id)
    answer = announce(call, 600_000, office.patient_id)
    assert (answer.status_code, answer.json["code"]) == (429, "quota_exceeded")


def test_somebody_elses_upload_looks_like_none(
    app: Flask, call: Caller, resources: Resources, office: Office
) -> None:
    address = begun(call, len(CONTENT), office.patient_id)
    stranger = caller_of(app, resources, make_office(resources))
    for answer in (
        ask(stranger, address),
        send(stranger, address, 0, b"x"),
        stranger("DELETE", address, headers=TUS),
    ):
        assert answer.status_code == 404
    assert (
        send(stranger, address, 0, b"x").json["code"]
        == send(stranger, f"/api/uploads/{uuid4()}", 0, b"x").json["code"]
    )
    assert offset_of(call, address) == 0


def test_the_newest_request_wins_and_the_one_before_changes_nothing(
    call: Caller, resources: Resources, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that hangs does not keep its client from going on by another."""
    monkeypatch.setattr(tus_patch, "SAFE_SECONDS", 0.0)
    address = begun(call, len(CONTENT), office.patient_id)
    upload_id = UUID(address.rsplit("/", 1)[1])

    def overtaken(write: object) -> None:
        write(b"never to be seen")  # type: ignore[operator]
        assert send(call, address, 0, CONTENT[:70_000]).status_code == 204
        write(b"nor this" * 20_000)  # type: ignore[operator]

    with pytest.raises(tus_patch.Overtaken):
        resumable.receive(resources, office.caller, upload_id, 0, overtaken)
    assert send(call, address, 70_000, CONTENT[70_000:]).status_code == 204
    assert stored(resources, office, address) == CONTENT


class Killed(BaseException):
    """As if the process ended: nothing of ours runs any more."""


def test_after_a_killed_process_what_was_safe_is_gone_on_from(
    call: Caller, resources: Resources, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tus_patch, "SAFE_BYTES", 100_000)
    monkeypatch.setattr(tus_patch, "SAFE_SECONDS_APART", 0.0)
    content = tone(10)
    address = begun(call, len(content), office.patient_id)
    with monkeypatch.context() as dying:
        dying.setattr(resumable, "_keep", lambda *_, **__: None)

        def killed(write: object) -> None:
            write(content[:200_000])  # type: ignore[operator]
            write(content[200_000:210_000])  # type: ignore[operator]
            raise Killed

        with pytest.raises(Killed):
            resumable.receive(resources, office.caller, UUID(address.rsplit("/", 1)[1]), 0, killed)
    offset = offset_of(call, address)
    assert offset == 3 * 65_536  # the whole frames of the first write
    assert send(call, address, offset, content[offset:]).status_code == 204
    assert stored(resources, office, address) == content


@pytest.mark.parametrize("error", [Unavailable("away"), RuntimeError()])
def test_a_failure_at_the_end_leaves_the_upload_open(
    call: Caller, resources: Resources, office: Office, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    address = begun(call, len(CONTENT), office.patient_id)

    def fail(_: object) -> None:
        raise error

    with monkeypatch.context() as failing:
        failing.setattr(type(resources.decoder), "probe", lambda *_: fail(None))
        assert send(call, address, 0, CONTENT).status_code in (500, 503)
    offset = offset_of(call, address)
    assert offset < len(CONTENT)
    assert send(call, address, offset, CONTENT[offset:]).status_code == 204
    assert stored(resources, office, address) == CONTENT


def test_a_refusal_by_the_decoder_is_final(
    call: Caller, resources: Resources, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = begun(call, len(CONTENT), office.patient_id)

    def refuse(*_: object) -> None:
        raise UnsupportedMedia("No sound.", "not_audio")

    monkeypatch.setattr(type(resources.decoder), "probe", refuse)
    assert send(call, address, 0, CONTENT).status_code == 415
    assert left_behind(resources) == []


def test_another_process_reads_again_what_it_did_not_hash(
    call: Caller, resources: Resources, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = begun(call, len(CONTENT), office.patient_id)
    send(call, address, 0, CONTENT[:60_000])
    monkeypatch.setattr(resumable, "_hashes", resumable.RunningHashes())
    send(call, address, 60_000, CONTENT[60_000:])
    session = call("GET", ask(call, address).headers["Content-Location"]).json
    assert session["audio_sha256"] == hashlib.sha256(CONTENT).hexdigest()


PARTS = st.lists(st.integers(0, 40_000), max_size=6)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=PARTS, seed=st.integers(0, 2**32))
def test_whatever_parts_come_in_whatever_order_the_offset_tells_the_truth(
    call: Caller, resources: Resources, office: Office, parts: list[int], seed: int
) -> None:
    """Parts at right and wrong offsets: the right ones count, and the end is what was sent."""
    chance = random.Random(seed)
    with everything(resources) as db:
        db.execute(text("DELETE FROM uploads"))
    content = tone(2)
    address = begun_without_limits(resources, office, len(content))
    at = 0
    for size in parts:
        claimed = at if chance.random() < 0.7 else chance.randrange(len(content) + 100)
        answer = send(call, address, claimed, content[claimed : claimed + size])
        assert answer.status_code == (204 if claimed == at else 409), answer.text
        if claimed == at:
            at = min(at + size, len(content))
        assert offset_of(call, address) == at
        if at == len(content):
            break
    if at < len(content):
        assert tus_patch.KEPT_SECONDS > 0
        upload_id = UUID(address.rsplit("/", 1)[1])
        resumable.receive(resources, office.caller, upload_id, at, lambda write: write(content[at:]))
    assert stored(resources, office, address) == content


def begun_without_limits(resources: Resources, office: Office, length: int) -> str:
    details = UploadDetails(office.patient_id, datetime.now(UTC), "a.wav", "audio/wav")
    return f"/api/uploads/{tus_creation.create(resources, office.caller, length, details, '').id}"


def test_an_upload_without_a_length_grows_until_a_part_says_it(
    call: Caller, resources: Resources, office: Office
) -> None:
    address = begun_without_length(call, office)
    state = ask(call, address)
    assert state.headers["Upload-Defer-Length"] == "1"
    assert "Upload-Length" not in state.headers
    for begin in range(0, 90_000, 30_000):
        answer = send(call, address, begin, CONTENT[begin : begin + 30_000])
        assert answer.headers["Upload-Offset"] == str(begin + 30_000)
        assert "Content-Location" not in answer.headers
    answer = send(call, address, 90_000, CONTENT[90_000:], Upload_Length=str(len(CONTENT)))
    assert answer.headers["Content-Location"], answer.text
    assert stored(resources, office, address) == CONTENT


def test_what_a_recorder_left_behind_is_listed_and_ended_without_a_byte(call: Caller, office: Office) -> None:
    whole = begun(call, len(CONTENT), office.patient_id)
    address = begun_without_length(call, office)
    send(call, address, 0, CONTENT)
    listed = call("GET", "/api/uploads").json
    assert [(one["id"], one["offset"], one["length"]) for one in listed] == [
        (address.rsplit("/", 1)[1], len(CONTENT), None),
        (whole.rsplit("/", 1)[1], 0, len(CONTENT)),
    ]
    answer = send(call, address, len(CONTENT), b"", Upload_Length=str(len(CONTENT)))
    assert call("GET", answer.headers["Content-Location"]).json["audio_bytes"] == len(CONTENT)
    assert [one["id"] for one in call("GET", "/api/uploads").json] == [whole.rsplit("/", 1)[1]]


def test_a_length_is_said_once_and_fits_what_is_stored(call: Caller, office: Office) -> None:
    address = begun_without_length(call, office)
    send(call, address, 0, CONTENT[:50_000])
    short = send(call, address, 50_000, b"", Upload_Length="40000")
    assert (short.status_code, short.json["code"]) == (400, "upload_length_too_short")
    assert send(call, address, 50_000, b"", Upload_Length=str(len(CONTENT))).status_code == 204
    other = send(call, address, 50_000, b"", Upload_Length=str(len(CONTENT) + 1))
    assert (other.status_code, other.json["code"]) == (400, "upload_length_fixed")
    both = call(
        "POST",
        "/api/uploads",
        headers={
            **TUS,
            "Upload-Length": "5000",
            "Upload-Defer-Length": "1",
            "Upload-Metadata": metadata(None),
        },
    )
    assert (both.status_code, both.json["code"]) == (400, "upload_header_invalid")


def test_an_upload_without_a_length_counts_what_it_has_and_is_kept_for_a_week(
    call: Caller, resources: Resources, office: Office
) -> None:
    address = begun_without_length(call, office)
    send(call, address, 0, CONTENT)
    with everything(resources) as db:
        assert uploads.announced_bytes(db, office.caller.practice_id) == len(CONTENT)
        days = db.execute(text("SELECT extract(day FROM expires_at - created_at) FROM uploads")).scalar_one()
    assert days >= 6
    most = resources.settings.max_upload_bytes
    answer = send(call, address, len(CONTENT), b"", Upload_Length=str(most + 1))
    assert (answer.status_code, answer.json["code"]) == (413, "recording_too_large")


def test_a_recording_that_was_cut_off_stays_while_its_patient_is_on_hold(
    call: Caller, resources: Resources, office: Office
) -> None:
    address = begun_without_length(call, office)
    send(call, address, 0, CONTENT[:30_000])
    review = datetime.now(UTC).date() + timedelta(days=1)
    holds.place(resources, office.caller, Target(office.patient_id), matter="A", reason="B", review_on=review)
    refused = call("DELETE", address, headers=TUS)
    assert (refused.status_code, refused.json["code"]) == (409, "on_hold")
    with everything(resources) as db:
        db.execute(text("UPDATE uploads SET expires_at = now()"))
    assert resumable.sweep(resources.database) == 0
    assert ask(call, address).headers["Upload-Offset"] == "30000"
    with everything(resources) as db:
        db.execute(text("UPDATE holds SET lifted_at = now()"))
    assert call("DELETE", address, headers=TUS).status_code == 204


def begun_without_length(call: Caller, office: Office) -> str:
    headers = {**TUS, "Upload-Defer-Length": "1", "Upload-Metadata": metadata(office.patient_id)}
    answer = call("POST", "/api/uploads", headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.headers["Location"])

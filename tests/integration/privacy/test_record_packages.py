"""The copy of a whole record for its patient: prepared in the background, sealed, fetched once, removed."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pyrage
import pytest
from flask import Flask
from pyrage.x25519 import Identity
from sqlalchemy import text

from api.resources.privacy import packages as routes
from shared.domain.errors import Gone
from shared.exports.package import package as make
from shared.services import patients
from shared.services.access.caller import THERAPIST_SCOPES, Scope
from shared.services.access.caller import Caller as Who
from shared.services.lifecycle import deletion
from shared.services.notes import process_notes
from shared.services.operations import backups, removals
from shared.services.patients import Consent
from shared.services.resources import Resources
from shared.services.retention import holds, patient_deletion
from shared.services.retention.holds import Target
from shared.services.rights import packages, packaging
from shared.services.rights.packaging import Progress
from shared.vault.frames import FRAME_BYTES, HEADER_BYTES, TAG_BYTES
from tests.aes_zip import WrongPassword, unzipped
from tests.database import everything
from tests.integration.api_client import Caller, caller_of, left_behind, tone
from tests.integration.browser import browser_of
from tests.integration.notes_calls import processed
from tests.integration.sessions import audited
from tests.servers import Office

PASSWORD = "twelve-loud-rivers-of-cold-tea"


@pytest.fixture
def path(office: Office) -> str:
    return f"/api/patients/{office.patient_id}"


def asked(call: Caller, path: str, **body: Any) -> str:
    """Where a package is that was asked for."""
    lock = body or {"password": PASSWORD}
    answer = call("POST", f"{path}/packages", json=lock)
    assert answer.status_code == 202, answer.text
    assert answer.json["state"] == "waiting"
    return f"{path}/packages/{answer.json['id']}"


def prepared(call: Caller, resources: Resources, path: str, **body: Any) -> str:
    """Where a package is that can be fetched."""
    place = asked(call, path, **body)
    assert packaging.run_due(resources, make) == 1
    assert call("GET", place).json["state"] == "ready"
    return place


def fetched(call: Caller, resources: Resources, path: str) -> dict[str, bytes]:
    """The members of a package, from the call to the opened file."""
    answer = call("GET", f"{prepared(call, resources, path)}/file")
    assert answer.status_code == 200
    return unzipped(answer.data, PASSWORD)


def take(call: Caller, place: str) -> int:
    """Fetch the whole file; gives the status."""
    answer = call("GET", f"{place}/file")
    assert answer.data
    return answer.status_code


def erase(resources: Resources) -> None:
    """What the dispatcher does next."""
    packaging.run_due(resources, make)
    deletion.erase_due(resources.database, resources.recordings, resources.vault.keys)


def stored(resources: Resources) -> list[str]:
    """The packages that are stored, and keys of packages."""
    with everything(resources) as db:
        ids = [str(one) for one in db.scalars(text("SELECT id FROM record_packages"))]
    return [name for name in left_behind(resources) if any(one in name for one in ids)]


def test_it_holds_all_that_the_patient_may_have_and_no_psychotherapy_notes(
    call: Caller, path: str, resources: Resources, office: Office
) -> None:
    session_id = processed(resources, office)
    process_notes.write(resources, office.caller, session_id, "Mine alone.", None)
    body = {"kind": "access", "words": "I want to see everything."}
    request_id = call("POST", f"{path}/requests", json=body).json["id"]
    place = prepared(call, resources, path, password=PASSWORD, request_id=request_id)
    assert call("GET", f"{path}/requests").json[0]["status"] == "open"
    answer = call("GET", f"{place}/file")
    assert (answer.status_code, answer.content_type) == (200, "application/zip")
    found = unzipped(answer.data, PASSWORD)
    assert answer.content_length == len(answer.data)
    one = "sessions/0001"
    assert set(found) == {
        f"{one}/notes.pdf", f"{one}/notes.fhir.json", f"{one}/transcript.txt", f"{one}/transcript.json",
        f"{one}/recording.wav", "consents.json", "requests.json", "CONTENTS.txt",
        "access-log.pdf", "disclosures.json",
    }  # fmt: skip
    assert found[f"{one}/notes.pdf"].startswith(b"%PDF")
    assert json.loads(found[f"{one}/notes.fhir.json"])["resourceType"] == "Bundle"
    assert found[f"{one}/recording.wav"] == b"a recording"
    assert json.loads(found["requests.json"])[0]["words"] == "I want to see everything."
    assert b"Psychotherapy notes" in found["CONTENTS.txt"]
    assert not [name for name, content in found.items() if b"Mine alone." in content]
    assert b"Pat Ient" not in answer.data
    assert call("GET", f"{path}/requests").json[0]["status"] == "fulfilled"


def test_progress_is_told_and_the_file_is_gone_once_it_was_fetched(
    call: Caller, path: str, resources: Resources, office: Office
) -> None:
    for _ in range(2):
        processed(resources, office)
    place, seen = asked(call, path), []
    assert call("GET", f"{place}/file").status_code == 409

    def watched(*known: Any) -> Iterator[bytes]:
        for block in make(*known):
            yield block
            found = call("GET", place).json
            seen.append((found["state"], found["parts_done"], found["parts_total"]))

    packaging.run_due(resources, watched)
    assert ("preparing", 1, 3) in seen
    found = call("GET", place).json
    assert (found["state"], found["parts_done"], found["parts_total"]) == ("ready", 3, 3)
    assert stored(resources)
    assert len(call("GET", f"{place}/file").data) == found["bytes"]
    assert take(call, place) == 410
    assert call("GET", place).json["state"] == "fetched"
    erase(resources)
    assert not stored(resources)


def test_what_broke_off_can_be_fetched_again(call: Caller, path: str, resources: Resources) -> None:
    place = prepared(call, resources, path)
    answer = call("GET", f"{place}/file", buffered=False)
    next(iter(answer.response))
    answer.close()
    assert call("GET", place).json["state"] == "ready"
    assert unzipped(call("GET", f"{place}/file").data, PASSWORD)


@pytest.mark.parametrize("others", [False, True])
def test_what_is_taken_out_while_a_copy_is_sent_breaks_the_connection(
    call: Caller,
    path: str,
    resources: Resources,
    office: Office,
    monkeypatch: pytest.MonkeyPatch,
    others: bool,
) -> None:
    session_id = processed(resources, office)
    request_id = wish(call, path)
    place = prepared(call, resources, path, password=PASSWORD, request_id=request_id)
    size = call("GET", place).json["bytes"]
    monkeypatch.setattr(routes, "_BLOCK_BYTES", 64)
    monkeypatch.setattr(routes, "_LOOK_EVERY_BYTES", 128 if others else 2 * size)
    answer = call("GET", f"{place}/file", buffered=False)
    blocks, sent = iter(answer.response), 0
    sent += len(next(blocks))
    assert call("DELETE", f"/api/sessions/{session_id}").status_code in (200, 202)
    with pytest.raises(Gone):
        for block in blocks:
            sent += len(block)
    answer.close()
    assert sent == 128 if others else size - 64 <= sent < size
    assert call("GET", f"{path}/requests").json[0]["status"] == "open"
    packages.end_due(resources, office.caller.practice_id)
    assert call("GET", place).json["state"] == "withdrawn"


def test_what_is_taken_out_with_the_last_block_leaves_the_request_open(
    call: Caller, path: str, resources: Resources, office: Office
) -> None:
    session_id = processed(resources, office)
    place = prepared(call, resources, path, password=PASSWORD, request_id=wish(call, path))
    answer = call("GET", f"{place}/file", buffered=False)
    blocks = iter(answer.response)
    next(blocks)  # the only one
    assert call("DELETE", f"/api/sessions/{session_id}").status_code in (200, 202)
    assert list(blocks) == []
    answer.close()
    assert call("GET", f"{path}/requests").json[0]["status"] == "open"
    assert call("GET", place).json["state"] == "withdrawn"


def wish(call: Caller, path: str, kind: str = "access", **more: Any) -> str:
    """The id of a request that the patient made."""
    answer = call("POST", f"{path}/requests", json={"kind": kind, "words": "I ask for it.", **more})
    assert answer.status_code == 201, answer.text
    return str(answer.json["id"])


def test_a_copy_fulfils_an_open_request_for_access_and_no_other(
    call: Caller, path: str, resources: Resources, office: Office
) -> None:
    session_id = processed(resources, office)
    denied = wish(call, path)
    answer = {"status": "denied", "answer": "The law forbids it."}
    assert call("POST", f"{path}/requests/{denied}/decision", json=answer).status_code == 200
    others = [wish(call, path, "restriction"), wish(call, path, "amendment", session_id=str(session_id))]
    for request_id in (denied, *others):
        lock = {"password": PASSWORD, "request_id": request_id}
        refused = call("POST", f"{path}/packages", json=lock)
        assert (refused.status_code, refused.json["code"]) == (409, "request_not_open")
    assert call("GET", f"{path}/packages").json == []


@pytest.mark.parametrize("kind", ["access", "restriction"])
def test_fetching_changes_no_request_that_is_not_open_for_access(
    call: Caller, path: str, resources: Resources, kind: str
) -> None:
    place = prepared(call, resources, path, password=PASSWORD, request_id=wish(call, path))
    another = wish(call, path, kind)
    if kind == "access":
        answer = {"status": "denied", "answer": "The law forbids it."}
        assert call("POST", f"{path}/requests/{another}/decision", json=answer).status_code == 200
    before = call("GET", f"{path}/requests").json
    with everything(resources) as db:  # as a package names it that was asked for before this was looked at
        db.execute(text("UPDATE record_packages SET request_id = :id"), {"id": another})
    assert take(call, place) == 200
    assert call("GET", place).json["state"] == "fetched"
    assert call("GET", f"{path}/requests").json == before


def test_it_leaves_when_it_is_fetched_and_not_before(
    call: Caller, path: str, resources: Resources, office: Office
) -> None:
    processed(resources, office)
    place = prepared(call, resources, path)
    assert not [one for one in call("GET", f"{path}/disclosures").json if one["kind"] == "export"]
    log = call("GET", f"{path}/access-log").json["entries"]
    assert "The service itself read the notes" in [f"{one['who']} {one['what']}" for one in log]
    assert take(call, place) == 200
    with everything(resources) as db:
        actions = db.scalars(text("SELECT action FROM audit_events")).all()
    assert {"patient.export", "notes.export", "audio.export", "transcript.export"} <= set(actions)
    given = [one for one in call("GET", f"{path}/disclosures").json if one["kind"] == "export"]
    assert {(one["recipient"], one["purpose"]) for one in given} == {("patient", "patient_request")}
    assert "the whole record as package" in [one["what"] for one in given]


def test_a_copy_that_is_fetched_again_left_once(
    call: Caller, path: str, resources: Resources, office: Office
) -> None:
    session_id = processed(resources, office)
    place = prepared(call, resources, path)
    broken = call("GET", f"{place}/file", buffered=False)
    next(iter(broken.response))
    broken.close()
    assert take(call, place) == 200
    assert audited(resources, office.patient_id, "package.fetch") == 2
    assert audited(resources, office.patient_id, "patient.export") == 1
    assert audited(resources, session_id, "audio.export") == 1
    assert take(call, prepared(call, resources, path)) == 200
    assert audited(resources, office.patient_id, "patient.export") == 2


def test_the_trail_says_under_the_patient_that_it_ended_and_erases_no_session(
    call: Caller, path: str, resources: Resources, office: Office
) -> None:
    place = prepared(call, resources, path)
    assert take(call, place) == 200
    erase(resources)
    assert not stored(resources)
    assert audited(resources, office.patient_id, "package.ended") == 1
    assert audited(resources, UUID(place.rsplit("/", 1)[1]), "session.erased") == 0


def test_a_damaged_recording_is_left_out_and_said(
    call: Caller, path: str, resources: Resources, office: Office
) -> None:
    call.upload(office.patient_id, tone(seconds=20.0))
    (spoiled,) = Path(urlsplit(resources.settings.storage_url).path).rglob("recording")
    raw = bytearray(spoiled.read_bytes())
    raw[HEADER_BYTES + 6 * (FRAME_BYTES + TAG_BYTES)] ^= 1
    spoiled.write_bytes(raw)
    processed(resources, office)
    found = fetched(call, resources, path)
    assert len([name for name in found if name.endswith("/recording.wav")]) == 1
    assert b"no recording: it is damaged" in found["CONTENTS.txt"]


def test_the_password_is_sealed_until_the_file_is_made_and_then_forgotten(
    call: Caller, path: str, resources: Resources
) -> None:
    secret = text("SELECT secret FROM record_packages")
    asked(call, path)
    with everything(resources) as db:
        sealed = bytes(db.scalars(secret).one())
    assert PASSWORD.encode() not in sealed
    packaging.run_due(resources, make)
    with everything(resources) as db:
        assert db.scalars(secret).one() is None


def test_it_is_encrypted_to_the_public_key_of_a_reader(call: Caller, path: str, resources: Resources) -> None:
    reader = Identity.generate()
    place = prepared(call, resources, path, recipient=str(reader.to_public()))
    answer = call("GET", f"{place}/file")
    assert answer.content_type == "application/age-encryption"
    assert pyrage.decrypt(answer.data, [reader]).startswith(b"PK")
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(answer.data, [Identity.generate()])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "password"),
        ({"password": "short"}, "password"),
        ({"password": "x" * 19}, "password"),
        ({"password": "with blanks in its twenty characters"}, "password"),
        ({"password": PASSWORD, "recipient": "age1" + "q" * 58}, "password"),
        ({"recipient": "ssh-ed25519 AAAA"}, "recipient"),
    ],
)
def test_what_encrypts_nothing_is_refused(call: Caller, path: str, body: dict[str, str], field: str) -> None:
    answer = call("POST", f"{path}/packages", json=body)
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [field]


def test_a_public_key_that_is_none_is_refused(call: Caller, path: str) -> None:
    answer = call("POST", f"{path}/packages", json={"recipient": "age1" + "q" * 58})
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["recipient"])


def test_a_wrong_password_opens_nothing(call: Caller, path: str, resources: Resources) -> None:
    content = call("GET", f"{prepared(call, resources, path)}/file").data
    with pytest.raises(WrongPassword):
        unzipped(content, PASSWORD + "!")


def test_what_others_agreed_to_stays_out(call: Caller, path: str, resources: Resources) -> None:
    added = call("POST", f"{path}/participants", json={"name": "Partner"}).json
    (partner,) = [one["id"] for one in added["people"] if one["id"]]
    said = {"event": "given", "scopes": ["recording"], "method": "written"}
    assert call("POST", f"{path}/consents", json={**said, "text": "Mine."}).status_code == 201
    theirs = {**said, "participant_id": partner, "text": "Canary of the partner."}
    assert call("POST", f"{path}/consents", json=theirs).status_code == 201
    found = fetched(call, resources, path)
    assert b"Mine." in found["consents.json"]
    assert not [name for name, content in found.items() if b"Canary" in content]


def test_a_session_without_notes_or_transcript_does_not_spoil_it(
    call: Caller, path: str, resources: Resources
) -> None:
    patient_id = path.rsplit("/", 1)[1]
    assert call.upload(UUID(patient_id), tone()).status_code == 202
    found = fetched(call, resources, path)
    assert "sessions/0001/recording.wav" in found
    assert b"no notes" in found["CONTENTS.txt"]
    assert b"no transcript" in found["CONTENTS.txt"]


def test_a_key_without_the_recordings_scope_gets_none(
    app: Flask, call: Caller, resources: Resources, office: Office, path: str
) -> None:
    lacking = caller_of(app, resources, office, THERAPIST_SCOPES - {Scope.SESSIONS_READ})
    assert lacking("POST", f"{path}/packages", json={"password": PASSWORD}).status_code == 403
    assert lacking("GET", f"{prepared(call, resources, path)}/file").status_code == 403


def test_one_at_a_time_is_prepared_and_one_can_be_taken_back(
    call: Caller, path: str, resources: Resources
) -> None:
    place = asked(call, path)
    answer = call("POST", f"{path}/packages", json={"password": PASSWORD})
    assert (answer.status_code, answer.json["code"]) == (409, "package_under_way")
    assert call("DELETE", place).json["state"] == "withdrawn"
    assert packaging.run_due(resources, make) == 0
    assert call("GET", f"{place}/file").status_code == 410
    erase(resources)
    assert not stored(resources)
    assert [one["state"] for one in call("GET", f"{path}/packages").json] == ["withdrawn"]


def test_it_expires(call: Caller, path: str, resources: Resources) -> None:
    place = prepared(call, resources, path)
    with everything(resources) as db:
        db.execute(text("UPDATE record_packages SET expires_at = now()"))
    assert call("GET", f"{place}/file").status_code == 410
    erase(resources)
    assert call("GET", place).json["state"] == "expired"
    assert not stored(resources)


def test_it_goes_when_something_is_taken_out_of_the_record(
    call: Caller, path: str, resources: Resources, office: Office
) -> None:
    kept, gone = processed(resources, office), processed(resources, office)
    place = prepared(call, resources, path)
    assert call("DELETE", f"/api/sessions/{gone}").status_code in (200, 202)
    assert call("GET", f"{place}/file").status_code == 410
    erase(resources)
    found = call("GET", place).json
    assert (found["state"], found["code"]) == ("withdrawn", "record_changed")
    assert not stored(resources)
    assert call("GET", f"/api/sessions/{kept}").status_code == 200


def test_it_goes_with_the_patient(call: Caller, path: str, resources: Resources, office: Office) -> None:
    processed(resources, office)
    prepared(call, resources, path)
    patient_deletion.delete(resources, office.caller, office.patient_id, signed_too=True)
    assert not stored(resources)


def test_a_hold_keeps_it_stored_and_fetched_once_all_the_same(
    call: Caller, path: str, resources: Resources, office: Office
) -> None:
    place = prepared(call, resources, path)
    held = Target(office.patient_id)
    holds.place(resources, office.caller, held, matter="A", reason="B", review_on=date(2100, 1, 1))
    assert call("DELETE", place).json["code"] == "on_hold"
    assert (take(call, place), take(call, place)) == (200, 410)
    erase(resources)
    assert call("GET", place).json["state"] == "ready"
    assert stored(resources)
    with everything(resources) as db:
        db.execute(text("UPDATE holds SET lifted_at = now()"))
    erase(resources)
    assert call("GET", place).json["state"] == "fetched"
    assert not stored(resources)


def test_a_maker_that_dies_is_followed_by_another_and_a_third_death_ends_it(
    call: Caller, path: str, resources: Resources
) -> None:
    place = asked(call, path)

    def dying(*_: Any) -> Iterator[bytes]:
        yield b"a part"
        raise OSError("canary words of a session")

    for attempt in range(packaging.MOST_ATTEMPTS):
        assert call("GET", place).json["state"] == ("preparing" if attempt else "waiting")
        packaging.run_due(resources, dying)
        with everything(resources) as db:
            db.execute(text("UPDATE record_packages SET lease_until = now()"))
    found = call("GET", place).json
    assert (found["state"], found["code"]) == ("failed", "not_made")
    erase(resources)
    assert not stored(resources)
    prepared(call, resources, path)


def test_a_maker_whose_package_has_ended_stores_nothing(
    call: Caller, path: str, resources: Resources
) -> None:
    place = asked(call, path)

    def overtaken(mine: Resources, who: Who, patient_id: UUID, password: str | None, told: Progress) -> Any:
        yield b"a part"
        assert call("DELETE", place).status_code == 200
        told.parts_done = 1
        yield b"another"

    packaging.run_due(resources, overtaken)
    assert call("GET", place).json["state"] == "withdrawn"
    erase(resources)
    assert not stored(resources)


def test_backups_leave_it_out_and_a_restore_ends_it(
    call: Caller, path: str, resources: Resources, tmp_path: Any
) -> None:
    place = prepared(call, resources, path)
    assert backups.copy_objects(resources.recordings.store, tmp_path) == 0
    removals.end_access(resources, keys_too=False)
    found = call("GET", place).json
    assert (found["state"], found["code"]) == ("withdrawn", "restored")
    erase(resources)
    assert not stored(resources)


def test_another_patients_package_is_not_there(
    call: Caller, path: str, resources: Resources, office: Office
) -> None:
    place = prepared(call, resources, path)
    other = patients.create(resources, office.caller, "Another", Consent()).id
    elsewhere = place.replace(path, f"/api/patients/{other}")
    assert [call(how, elsewhere).status_code for how in ("GET", "DELETE")] == [404, 404]
    assert call("GET", f"{elsewhere}/file").status_code == 404


def test_the_page_has_a_copy_prepared_shown_and_taken_back(
    app: Flask, resources: Resources, office: Office
) -> None:
    me = browser_of(app, resources, office.caller.practice_id, office.caller.therapist_id)
    page = f"/patients/{office.patient_id}/requests"
    me.get(page)
    assert me.submit(f"/patients/{office.patient_id}/packages", lock="too short").status_code == 422
    assert me.submit(f"/patients/{office.patient_id}/packages", lock=PASSWORD).status_code == 303
    assert "Waits to be prepared" in me.get(page).text
    packaging.run_due(resources, make)
    shown = me.get(page).text
    assert "Ready until" in shown
    (place,) = {part.split('"')[0] for part in shown.split('href="') if "/packages/" in part}
    assert me("GET", place).data.startswith(b"PK")
    assert "Fetched" in me.get(page).text
    assert packages.KEPT.days == 7

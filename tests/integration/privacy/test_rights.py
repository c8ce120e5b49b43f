"""What patients ask of their records: due dates, decisions, statements with notes, and the package."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import text

from shared.services import patients
from shared.services.access.caller import THERAPIST_SCOPES, Scope
from shared.services.notes import process_notes
from shared.services.patients import Consent
from shared.services.resources import Resources
from tests.aes_zip import WrongPassword, unzipped
from tests.database import everything
from tests.integration.api_client import Caller, app_of, caller_of, tone
from tests.integration.browser import browser_of
from tests.integration.notes_calls import processed
from tests.servers import Office

PASSWORD = "twelve-loud-rivers-of-cold-tea"


@pytest.fixture
def app(resources: Resources) -> Flask:
    return app_of(resources)


@pytest.fixture
def call(app: Flask, resources: Resources, office: Office) -> Caller:
    return caller_of(app, resources, office)


@pytest.fixture
def path(office: Office) -> str:
    return f"/api/patients/{office.patient_id}"


def asked(call: Caller, path: str, **rest: Any) -> dict[str, Any]:
    answer = call("POST", f"{path}/requests", json={"words": "I want to see everything.", **rest})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json
    return found


def test_a_request_is_due_and_is_denied_only_with_a_reason(call: Caller, path: str) -> None:
    made = asked(call, path, kind="access", received_at="2026-11-01")
    assert made["due_at"].startswith("2026-12-01")
    decision = f"{path}/requests/{made['id']}/decision"
    refused = call("POST", decision, json={"status": "denied"})
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["answer"])
    denied = call("POST", decision, json={"status": "denied", "answer": "It would endanger another person."})
    assert denied.json["status"] == "denied"
    assert denied.json["answer"] == "It would endanger another person."
    assert call("POST", decision, json={"status": "denied", "answer": "Again."}).status_code == 409
    assert [one["status"] for one in call("GET", f"{path}/requests").json] == ["denied"]


def test_what_does_not_go_together_is_refused(call: Caller, path: str) -> None:
    future = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    for wrong in (
        {"kind": "access", "words": "x", "received_at": future},
        {"kind": "amendment", "words": "x"},
        {"kind": "access", "words": " "},
    ):
        assert call("POST", f"{path}/requests", json=wrong).status_code == 422
    other = {"kind": "amendment", "words": "x", "session_id": str(uuid4())}
    assert call("POST", f"{path}/requests", json=other).status_code == 404


def test_a_session_of_another_patient_is_not_amended(
    call: Caller, path: str, resources: Resources, office: Office
) -> None:
    session_id = processed(resources, office)
    other = patients.create(resources, office.caller, "Another", Consent()).id
    body = {"kind": "amendment", "words": "x", "session_id": str(session_id)}
    assert call("POST", f"/api/patients/{other}/requests", json=body).status_code == 404


def exported(call: Caller, session_id: UUID, form: str = "md") -> str:
    return call("GET", f"/api/sessions/{session_id}/notes?format={form}").text


def test_a_statement_goes_with_signed_notes_and_so_does_its_denial(
    call: Caller, path: str, resources: Resources, office: Office
) -> None:
    session_id, other = processed(resources, office), processed(resources, office)
    assert call("POST", f"/api/sessions/{session_id}/notes/sign", json={}).status_code == 200
    made = asked(call, path, kind="amendment", session_id=str(session_id), words="I said March, not May.")
    shown = exported(call, session_id)
    assert "I said March, not May." in shown
    assert "Not decided yet." in shown
    assert "I said March" in exported(call, session_id, "fhir")
    assert "I said March" not in exported(call, other)
    decision = f"{path}/requests/{made['id']}/decision"
    call("POST", decision, json={"status": "denied", "answer": "The recording says May."})
    shown = exported(call, session_id)
    assert "Denied." in shown
    assert "The recording says May." in shown


def test_a_restriction_is_on_each_export_while_it_holds(
    call: Caller, path: str, resources: Resources, office: Office
) -> None:
    session_id = processed(resources, office)
    made = asked(call, path, kind="restriction", words="Nothing to my insurer.")
    decision = f"{path}/requests/{made['id']}/decision"
    assert "Nothing to my insurer." not in exported(call, session_id)
    assert call("POST", decision, json={"status": "fulfilled"}).status_code == 200
    assert "Nothing to my insurer." in exported(call, session_id)
    assert call("POST", decision, json={"status": "ended"}).status_code == 200
    assert "Nothing to my insurer." not in exported(call, session_id)


def test_words_are_sealed_and_belong_to_one_therapist(
    call: Caller, path: str, app: Flask, resources: Resources, office: Office
) -> None:
    asked(call, path, kind="access", words="The words of the patient.")
    with everything(resources) as db:
        assert b"words of" not in db.scalars(text("SELECT words FROM rights_requests")).one()
    nobody = Caller(app.test_client(), None)
    assert nobody("GET", f"{path}/requests").status_code == 401


def test_the_package_holds_all_that_the_patient_may_have_and_no_psychotherapy_notes(
    call: Caller, path: str, resources: Resources, office: Office
) -> None:
    session_id = processed(resources, office)
    process_notes.write(resources, office.caller, session_id, "Mine alone.", None)
    made = asked(call, path, kind="access")
    answer = call("POST", f"{path}/package", json={"password": PASSWORD, "request_id": made["id"]})
    assert answer.status_code == 200
    assert answer.content_type == "application/zip"
    found = unzipped(answer.data, PASSWORD)
    one = "sessions/0001"
    assert set(found) == {
        f"{one}/notes.pdf", f"{one}/notes.fhir.json", f"{one}/transcript.txt", f"{one}/transcript.json",
        f"{one}/recording.wav", "consents.json", "requests.json", "CONTENTS.txt",
        "access-log.pdf", "disclosures.json",
    }  # fmt: skip
    assert found[f"{one}/notes.pdf"].startswith(b"%PDF")
    assert json.loads(found[f"{one}/notes.fhir.json"])["resourceType"] == "Bundle"
    assert found[f"{one}/recording.wav"] == b"a recording"
    assert b"Psychotherapy notes" in found["CONTENTS.txt"]
    assert not [name for name, content in found.items() if b"Mine alone." in content]
    assert b"Pat Ient" not in answer.data
    assert call("GET", f"{path}/requests").json[0]["status"] == "fulfilled"
    with everything(resources) as db:
        actions = db.scalars(text("SELECT action FROM audit_events")).all()
    assert {"patient.export", "notes.export", "audio.export", "transcript.export"} <= set(actions)
    given = [one for one in call("GET", f"{path}/disclosures").json if one["kind"] == "export"]
    assert {(one["recipient"], one["purpose"]) for one in given} == {("patient", "patient_request")}
    assert "the whole record as package" in [one["what"] for one in given]


def test_what_others_agreed_to_stays_out_of_the_package(call: Caller, path: str) -> None:
    added = call("POST", f"{path}/participants", json={"name": "Partner"}).json
    (partner,) = [one["id"] for one in added["people"] if one["id"]]
    said = {"event": "given", "scopes": ["recording"], "method": "written"}
    assert call("POST", f"{path}/consents", json={**said, "text": "Mine."}).status_code == 201
    theirs = {**said, "participant_id": partner, "text": "Canary of the partner."}
    assert call("POST", f"{path}/consents", json=theirs).status_code == 201
    found = unzipped(call("POST", f"{path}/package", json={"password": PASSWORD}).data, PASSWORD)
    assert b"Mine." in found["consents.json"]
    assert not [name for name, content in found.items() if b"Canary" in content]


def test_a_wrong_password_opens_nothing(call: Caller, path: str) -> None:
    content = call("POST", f"{path}/package", json={"password": PASSWORD}).data
    with pytest.raises(WrongPassword):
        unzipped(content, PASSWORD + "!")


def test_a_session_without_notes_or_recording_does_not_spoil_the_package(call: Caller, path: str) -> None:
    patient_id = path.rsplit("/", 1)[1]
    assert call.upload(UUID(patient_id), tone()).status_code == 202
    found = unzipped(call("POST", f"{path}/package", json={"password": PASSWORD}).data, PASSWORD)
    assert "sessions/0001/recording.wav" in found
    assert b"no notes" in found["CONTENTS.txt"]
    assert b"no transcript" in found["CONTENTS.txt"]


@pytest.mark.parametrize("password", ["short", "x" * 19, "with blanks in its twenty characters"])
def test_a_weak_password_is_refused(call: Caller, path: str, password: str) -> None:
    answer = call("POST", f"{path}/package", json={"password": password})
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["password"])


def test_a_key_without_the_recordings_scope_gets_no_package(
    app: Flask, resources: Resources, office: Office, path: str
) -> None:
    call = caller_of(app, resources, office, THERAPIST_SCOPES - {Scope.SESSIONS_READ})
    assert call("POST", f"{path}/package", json={"password": PASSWORD}).status_code == 403


def test_the_page_notes_and_answers_requests(app: Flask, resources: Resources, office: Office) -> None:
    me = browser_of(app, resources, office.caller.practice_id, office.caller.therapist_id)
    page = f"/patients/{office.patient_id}/requests"
    assert page in me.get(f"/patients/{office.patient_id}").text
    me.get(page)
    assert me.submit(page, kind="access", words="All of it.").status_code == 303
    shown = me.get(page).text
    assert "All of it." in shown
    assert "Open, due" in shown
    request_id = shown.split('aria-labelledby="h-')[2].split('"')[0]
    assert me.submit(f"{page}/{request_id}", status="denied").status_code == 422
    assert me.submit(f"{page}/{request_id}", status="denied", answer="It would harm.").status_code == 303
    assert "It would harm." in me.get(page).text

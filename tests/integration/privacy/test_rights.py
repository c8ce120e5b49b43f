"""What patients ask of their records: due dates, decisions, statements with notes."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import text

from shared.services import patients
from shared.services.patients import Consent
from shared.services.resources import Resources
from tests.database import everything
from tests.integration.api_client import Caller
from tests.integration.browser import browser_of
from tests.integration.notes_calls import processed
from tests.servers import Office


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

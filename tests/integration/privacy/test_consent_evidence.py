"""Consent that is heard in a recording is proposed, and attached to the consents by a person."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import text

from shared.db.queries.work import outputs
from shared.db.queries.work.outputs import Product
from shared.domain.transcripts.serialization import transcript_to_json
from shared.domain.values import Segment, Transcript
from shared.services.resources import Resources
from shared.vault.sealing import Subject
from tests.database import everything
from tests.integration.api_client import Caller
from tests.integration.browser import browser_of
from tests.integration.sessions import promise
from tests.servers import Office

QUESTION, ANSWER = "Is it okay if I record our session, canary?", "Yes, that is fine."


def spoken(resources: Resources, office: Office, language: str = "en") -> UUID:
    """A session in which consent is asked for and given, after some other words."""
    session_id = promise(resources, office)
    session = Subject(office.caller.practice_id, session_id)
    said = (("Speaker 1", "Please sit down."), ("Speaker 1", QUESTION), ("Speaker 2", ANSWER))
    segments = [
        Segment(10.0 * number, 10.0 * number + 5.0, words, speaker, 0.9, ())
        for number, (speaker, words) in enumerate(said)
    ]
    heard = transcript_to_json(Transcript(tuple(segments), 60.0, language, "fake-1", True, {}))
    sealed = resources.vault.seal(session, outputs.kind(Product.TRANSCRIPT), heard)
    with resources.database.transaction(session.practice_id) as db:
        outputs.put(db, session.practice_id, session_id, Product.TRANSCRIPT, sealed)
    return session_id


def consents(call: Caller, office: Office) -> dict[str, Any]:
    found: dict[str, Any] = call("GET", f"/api/patients/{office.patient_id}/consents").json
    return found


def test_a_passage_is_proposed_with_quote_and_time_and_attached_by_a_person(
    call: Caller, resources: Resources, office: Office
) -> None:
    path = f"/api/sessions/{(session_id := spoken(resources, office))}/consent-heard"
    (passage,) = call("GET", path).json["passages"]
    assert passage == {
        "start": 10.0, "end": 25.0, "asked": QUESTION, "asked_by": "Speaker 1", "given": ANSWER,
        "given_by": "Speaker 2", "attached": False,
    }  # fmt: skip
    before = consents(call, office)
    assert before["evidence"] == []
    answer = call("POST", path, json={"start": passage["start"]})
    assert (answer.status_code, answer.json["passages"][0]["attached"]) == (201, True)
    after = consents(call, office)
    (one,) = after["evidence"]
    assert (one["scope"], one["method"], one["session_id"]) == (
        "recording", "spoken_in_recording", str(session_id),
    )  # fmt: skip
    assert (one["start_seconds"], one["end_seconds"], one["participant_id"]) == (10.0, 25.0, None)
    assert after["history"] == before["history"]
    assert after["allowed"] == before["allowed"]
    assert call("POST", path, json={"start": passage["start"]}).json["code"] == "evidence_attached"


def test_nothing_but_what_is_proposed_is_attached(call: Caller, resources: Resources, office: Office) -> None:
    path = f"/api/sessions/{spoken(resources, office)}/consent-heard"
    for body, code in (
        ({"start": 0.0}, "passage_not_found"),
        ({"start": 10.0, "participant_id": str(uuid4())}, "participant_not_found"),
    ):
        answer = call("POST", path, json=body)
        assert (answer.status_code, answer.json["code"]) == (404, code)
    assert consents(call, office)["evidence"] == []


def test_a_participant_is_heard_too(call: Caller, resources: Resources, office: Office) -> None:
    added = call("POST", f"/api/patients/{office.patient_id}/participants", json={"name": "Partner"}).json
    (partner,) = [one["id"] for one in added["people"] if one["id"]]
    path = f"/api/sessions/{spoken(resources, office)}/consent-heard"
    for who in (None, partner):
        assert call("POST", path, json={"start": 10.0, "participant_id": who}).status_code == 201
    assert [one["participant_id"] for one in consents(call, office)["evidence"]] == [None, partner]


def test_evidence_gives_back_no_consent_that_was_withdrawn(
    call: Caller, resources: Resources, office: Office
) -> None:
    path = f"/api/sessions/{spoken(resources, office)}/consent-heard"
    said = {"event": "withdrawn", "scopes": ["recording"]}
    assert call("POST", f"/api/patients/{office.patient_id}/consents", json=said).status_code == 201
    assert call("POST", path, json={"start": 10.0}).status_code == 201
    found = consents(call, office)
    assert found["people"][0]["states"]["recording"] == "withdrawn"
    assert not found["allowed"]["recording"]


def test_nothing_is_proposed_of_other_languages_or_without_a_transcript(
    call: Caller, resources: Resources, office: Office
) -> None:
    assert call("GET", f"/api/sessions/{spoken(resources, office, 'de')}/consent-heard").json == {
        "passages": []
    }
    answer = call("GET", f"/api/sessions/{promise(resources, office)}/consent-heard")
    assert (answer.status_code, answer.json["code"]) == (404, "no_transcript_yet")


def test_no_word_of_it_is_in_a_log_the_trail_or_a_plain_column(
    call: Caller, resources: Resources, office: Office, capfd: pytest.CaptureFixture[str]
) -> None:
    path = f"/api/sessions/{spoken(resources, office)}/consent-heard"
    call("POST", path, json={"start": 10.0})
    printed = capfd.readouterr()
    assert "canary" not in printed.out + printed.err
    with everything(resources) as db:
        rows = [str(row) for row in db.execute(text("SELECT * FROM consent_evidence"))]
        lines = [str(row) for row in db.execute(text("SELECT * FROM audit_events"))]
    assert not [one for one in rows + lines if "canary" in one]
    assert [one for one in lines if "consent.evidence" in one]
    assert [one for one in lines if "consent_heard.read" in one]


def test_the_session_page_shows_it_and_the_consents_page_what_was_attached(
    app: Flask, resources: Resources, office: Office
) -> None:
    session_id = spoken(resources, office)
    me = browser_of(app, resources, office.caller.practice_id, office.caller.therapist_id)
    page = me.get(f"/sessions/{session_id}").text
    assert "Consent heard in the recording" in page
    assert "Yes, that is fine." in page
    assert me.submit(f"/sessions/{session_id}/consent-heard", start="10.0").status_code == 303
    assert "Attached" in me.get(f"/sessions/{session_id}").text
    assert "at 0:10" in me.get(f"/patients/{office.patient_id}/consents").text

"""The safety lane: told in the moment there is a transcript, open until a clinician answers."""

from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select, text

from shared.db.tables.alerts import RiskAlert
from shared.db.tables.webhooks import WebhookDelivery
from shared.domain.errors import PermanentStepError
from shared.domain.status import Status
from shared.domain.webhooks import EventType
from shared.services.access.caller import Scope
from shared.services.accounts import accounts, people
from shared.services.alerts import risk_alerts
from shared.services.resources import Resources
from shared.services.sessions import event_feed
from shared.services.steps import transcription
from tests.database import everything
from tests.fakes.notes import FakeExtractor
from tests.fakes.speech import FakeTranscriber
from tests.integration.api_client import Caller, caller_of
from tests.integration.pipeline.test_outbox import subscribe
from tests.integration.sessions import audited, bench_with, promise, row, work
from tests.servers import Office, make_office

SAID = "i want to die and i have bought a rope"


@pytest.fixture
def grave(resources: Resources, office: Office) -> UUID:
    """A processed session in which somebody wants to die."""
    session_id = promise(resources, office)
    work(bench_with(resources, transcriber=FakeTranscriber(SAID)), session_id)
    return session_id


def alerts(resources: Resources) -> list[RiskAlert]:
    with everything(resources) as db:
        return list(db.scalars(select(RiskAlert)))


def make_overdue(resources: Resources) -> None:
    with everything(resources) as db:
        db.execute(text("UPDATE risk_alerts SET found_at = now() - interval '5 hours', reminded_at = NULL"))


def told(resources: Resources) -> list[EventType]:
    with everything(resources) as db:
        query = select(WebhookDelivery.type).order_by(WebhookDelivery.created_at)
        return list(db.scalars(query))


def test_it_is_told_before_notes_are_written_and_even_if_they_never_are(
    resources: Resources, office: Office
) -> None:
    subscribe(resources, office, frozenset({EventType.RISK_FOUND}))
    session_id = promise(resources, office)
    broken = FakeExtractor([PermanentStepError("No.", "engine_refused_content")])
    work(bench_with(resources, transcriber=FakeTranscriber(SAID), extractor=broken), session_id)
    assert row(resources, session_id).status is Status.FAILED
    (alert,) = alerts(resources)
    assert (alert.session_id, alert.count >= 1, alert.acknowledged_at) == (session_id, True, None)
    assert told(resources) == [EventType.RISK_FOUND]
    assert audited(resources, session_id, "risk.found") == 1


def test_it_comes_and_goes_with_the_transcript(
    resources: Resources, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are written in one transaction: if the second cannot be, the first is not there either."""
    session_id = promise(resources, office)
    monkeypatch.setattr(risk_alerts.outbox, "enqueue", lambda *_, **__: 1 / 0)
    work(bench_with(resources, transcriber=FakeTranscriber(SAID)), session_id)
    assert alerts(resources) == []
    assert row(resources, session_id).status is Status.TRANSCRIBING


def test_uniting_twice_raises_one_alert(resources: Resources, office: Office, grave: UUID) -> None:
    transcription.transcribe(bench_with(resources, transcriber=FakeTranscriber(SAID)), grave)
    work(bench_with(resources, transcriber=FakeTranscriber(SAID)), grave)
    assert len(alerts(resources)) == 1


@pytest.mark.parametrize("said", ["i feel better today", "i would never kill myself"])
def test_what_is_not_grave_raises_none(resources: Resources, office: Office, said: str) -> None:
    work(bench_with(resources, transcriber=FakeTranscriber(said)), promise(resources, office))
    assert alerts(resources) == []


def test_an_alert_shows_the_words_their_time_and_what_is_known_of_them(call: Caller, grave: UUID) -> None:
    (alert,) = call("GET", "/api/risk-alerts").json
    assert (alert["session_id"], alert["acknowledged_at"], alert["note"]) == (str(grave), None, None)
    assert alert["due_at"] > alert["found_at"]
    findings = {finding["type"]: finding for finding in alert["findings"]}
    wish = findings["suicidal_ideation"]
    assert (wish["severity"], wish["negated"], wish["temporality"]) == ("high", False, "present")
    assert "want to die" in wish["evidence"][0]["quote"]
    assert wish["evidence"][0]["end"] > wish["evidence"][0]["start"]
    assert wish["speaker"].startswith("Speaker")


def test_acknowledging_closes_it_once_and_keeps_who_and_what_was_done(
    call: Caller, resources: Resources, office: Office, grave: UUID
) -> None:
    (alert,) = call("GET", "/api/risk-alerts").json
    path = f"/api/risk-alerts/{alert['id']}/acknowledge"
    done = call("POST", path, json={"note": "Called her; safety plan made."})
    assert done.status_code == 200
    assert done.json["acknowledged_by"] == str(office.caller.therapist_id)
    assert done.json["note"] == "Called her; safety plan made."
    again = call("POST", path, json={"note": "Something else."})
    assert (again.status_code, again.json["code"]) == (409, "already_acknowledged")
    assert call("GET", "/api/risk-alerts").json == []
    (kept,) = call("GET", "/api/risk-alerts", query_string={"state": "all"}).json
    assert kept["note"] == "Called her; safety plan made."
    assert audited(resources, grave, "risk.acknowledge") == 1


def test_neither_the_words_nor_the_note_are_in_the_database_as_they_are(
    call: Caller, resources: Resources, grave: UUID
) -> None:
    (alert,) = call("GET", "/api/risk-alerts").json
    call("POST", f"/api/risk-alerts/{alert['id']}/acknowledge", json={"note": "Called her sister."})
    with everything(resources) as db:
        stored = bytes(db.execute(text("SELECT findings || note FROM risk_alerts")).scalar_one())
    assert b"die" not in stored
    assert b"suicid" not in stored
    assert b"sister" not in stored


def test_an_alert_is_its_therapists_alone(
    app: Flask, call: Caller, resources: Resources, office: Office, grave: UUID
) -> None:
    (alert,) = call("GET", "/api/risk-alerts").json
    stranger = caller_of(app, resources, make_office(resources))
    assert stranger("GET", "/api/risk-alerts", query_string={"state": "all"}).json == []
    for alert_id in (alert["id"], uuid4()):
        answer = stranger("POST", f"/api/risk-alerts/{alert_id}/acknowledge", json={})
        assert (answer.status_code, answer.json["code"]) == (404, "risk_alert_not_found")
    reader = caller_of(app, resources, office, {Scope.NOTES_READ})
    assert reader("POST", f"/api/risk-alerts/{alert['id']}/acknowledge", json={}).status_code == 403
    assert call("GET", "/api/risk-alerts").json != []


def test_a_page_of_alerts_leads_to_the_next(call: Caller, resources: Resources, office: Office) -> None:
    made = set()
    for _ in range(3):
        session_id = promise(resources, office)
        work(bench_with(resources, transcriber=FakeTranscriber(SAID)), session_id)
        made.add(str(session_id))
    first = call("GET", "/api/risk-alerts", query_string={"limit": 2})
    following_page = first.headers["Link"].split(">")[0].lstrip("<")
    second = call("GET", following_page)
    assert {alert["session_id"] for alert in [*first.json, *second.json]} == made
    assert "Link" not in second.headers


def test_nobody_signs_while_an_alert_is_open(call: Caller, grave: UUID) -> None:
    (alert,) = call("GET", "/api/risk-alerts").json
    notes = f"/api/sessions/{grave}/notes"
    refused = call("POST", f"{notes}/sign", json={})
    assert (refused.status_code, refused.json["code"]) == (409, "risk_alerts_open")
    assert refused.json["errors"] == {"risk_alerts": [alert["id"]]}
    assert call("GET", notes).json["status"] == "draft"
    call("POST", f"/api/risk-alerts/{alert['id']}/acknowledge", json={"note": "Called her."})
    assert call("POST", f"{notes}/sign", json={}).json["status"] == "signed"


def test_an_alert_that_comes_after_the_signature_keeps_the_co_signature_back(
    call: Caller, app: Flask, resources: Resources, office: Office, grave: UUID
) -> None:
    boss = people.create(resources, office.caller, "Boss", "therapist")
    people.change(resources, office.caller, office.caller.therapist_id, {"supervisor_id": boss.id})
    supervisor = Caller(
        app.test_client(), accounts.create_key(resources, office.caller.practice_id, boss.id)[1]
    )
    (alert,) = call("GET", "/api/risk-alerts").json
    call("POST", f"/api/risk-alerts/{alert['id']}/acknowledge", json={})
    call("POST", f"/api/sessions/{grave}/notes/sign", json={})
    with everything(resources) as db:
        db.execute(text("UPDATE risk_alerts SET acknowledged_at = NULL, acknowledged_by = NULL"))
    refused = supervisor("POST", f"/api/sessions/{grave}/notes/cosign")
    assert (refused.status_code, refused.json["code"]) == (409, "risk_alerts_open")
    call("POST", f"/api/risk-alerts/{alert['id']}/acknowledge", json={})
    assert supervisor("POST", f"/api/sessions/{grave}/notes/cosign").json["status"] == "signed"


def test_an_overdue_alert_is_told_again_and_an_acknowledged_one_is_not(
    call: Caller, resources: Resources, office: Office, grave: UUID
) -> None:
    subscribe(resources, office, frozenset({EventType.RISK_OVERDUE}))
    assert risk_alerts.remind_overdue(resources.database, hours=4) == 0
    make_overdue(resources)
    assert risk_alerts.remind_overdue(resources.database, hours=4) == 1
    assert risk_alerts.remind_overdue(resources.database, hours=4) == 0
    (alert,) = call("GET", "/api/risk-alerts").json
    assert alert["reminders"] == 1
    assert told(resources) == [EventType.RISK_OVERDUE]
    call("POST", f"/api/risk-alerts/{alert['id']}/acknowledge", json={})
    make_overdue(resources)
    assert risk_alerts.remind_overdue(resources.database, hours=4) == 0


def test_followers_of_the_session_are_told_without_a_word_of_it(
    resources: Resources, office: Office, grave: UUID
) -> None:
    make_overdue(resources)
    risk_alerts.remind_overdue(resources.database, hours=4)
    changes = event_feed.news(resources, office.caller, grave, 0).changes
    codes = [change.code for change in changes if change.code]
    assert codes == ["risk_found", "risk_overdue"]
    statuses = [list(Status).index(Status(change.status)) for change in changes]
    assert statuses == sorted(statuses)


def test_a_deleted_session_takes_its_alerts_along(call: Caller, resources: Resources, grave: UUID) -> None:
    receipt = call("DELETE", f"/api/sessions/{grave}")
    assert receipt.json["removed"]["risk_alerts"] == 1
    assert alerts(resources) == []

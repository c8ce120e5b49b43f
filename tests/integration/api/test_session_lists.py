"""Lists of sessions by day, change, the client's own reference and what is left to do."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

from flask import Flask

from shared.services.resources import Resources
from tests.integration.api_client import Caller, caller_of, tone
from tests.integration.browser import browser_of
from tests.integration.notes_calls import clinician, processed
from tests.integration.resumable import begun, send
from tests.integration.sessions import row
from tests.servers import Office, make_office


def listed(call: Caller, **query: str) -> list[str]:
    answer = call("GET", "/api/sessions/", query_string=query)
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json]


def test_sessions_are_found_by_day(call: Caller, office: Office) -> None:
    early, late = (
        call.upload(office.patient_id, session_date=day).json["id"] for day in ("2026-03-01", "2026-03-02")
    )
    assert listed(call, session_date_from="2026-03-02") == [late]
    assert listed(call, session_date_before="2026-03-02") == [early]
    assert listed(call, session_date_from="2026-03-01", session_date_before="2026-03-03") == [late, early]
    refused = call("GET", "/api/sessions/", query_string={"session_date_from": "soon"})
    assert refused.status_code == 422


def test_a_clients_own_reference_is_given_back_and_found_by_its_owner_alone(
    app: Flask, call: Caller, resources: Resources, office: Office
) -> None:
    made = call.upload(office.patient_id, external_id="CANARY-4711").json
    call.upload(office.patient_id)
    assert made["external_id"] == "CANARY-4711"
    assert listed(call, external_id="CANARY-4711") == [made["id"]]
    assert listed(call, external_id="CANARY-471") == []
    other = make_office(resources)
    stranger = caller_of(app, resources, other)
    assert listed(stranger, external_id="CANARY-4711") == []
    theirs = stranger.upload(other.patient_id, external_id="CANARY-4711").json["id"]
    mine, foreign = row(resources, UUID(made["id"])), row(resources, UUID(theirs))
    assert b"CANARY" not in mine.external_id.data
    assert mine.external_id_hash != foreign.external_id_hash


def test_a_resumable_upload_brings_its_reference_too(call: Caller, office: Office) -> None:
    sound = tone(1)
    address = begun(call, len(sound), office.patient_id, external_id="4712")
    session = call("GET", send(call, address, 0, sound).headers["Content-Location"]).json
    assert session["external_id"] == "4712"


def test_what_is_left_to_do_and_what_has_changed_is_found(
    call: Caller, resources: Resources, office: Office
) -> None:
    waiting = call.upload(office.patient_id).json["id"]
    draft = processed(resources, office)
    assert listed(call, open="true") == [str(draft)]
    now = datetime.now(UTC) + timedelta(seconds=1)
    since = (now - timedelta(hours=1)).isoformat()
    assert set(listed(call, updated_since=since)) == {waiting, str(draft)}
    assert listed(call, updated_since=(now + timedelta(hours=1)).isoformat()) == []
    me = clinician(resources, office, draft)
    before = json.loads(me("GET", me.path).text)["created_at"]
    assert me("POST", f"{me.path}/sign").status_code == 200
    assert listed(call, open="true") == []
    assert str(draft) in listed(call, updated_since=before)


def test_a_cursor_of_other_filters_is_refused(call: Caller, office: Office) -> None:
    for _ in range(2):
        call.upload(office.patient_id)
    first = call("GET", "/api/sessions/", query_string={"limit": 1, "session_date_from": "2020-01-01"})
    link = first.headers["Link"].partition(";")[0].strip("<>")
    assert len(call("GET", link).json) == 1
    other = link.replace("session_date_from", "updated_since")
    assert call("GET", other).status_code == 422


def test_the_page_of_a_patient_is_filtered_and_all_is_one_click_away(
    app: Flask, call: Caller, resources: Resources, office: Office
) -> None:
    me = browser_of(app, resources, office.caller.practice_id, office.caller.therapist_id)
    call.upload(office.patient_id, session_date="2026-03-01")
    path = f"/patients/{office.patient_id}"
    assert "1 Mar 2026" in me.get(f"{path}?from=2026-03-01&to=2026-03-01").text
    nothing = me.get(f"{path}?from=2026-03-02&open=true").text
    assert "No such session." in nothing
    assert "Forget this patient" not in nothing
    assert f'<a href="{path}#h-sessions">All</a>' in nothing
    assert me.get(f"{path}?from=nonsense").status_code == 200

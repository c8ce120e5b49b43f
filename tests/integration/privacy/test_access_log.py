"""Who saw a patient's record, and to whom something of it was given."""

import csv
import io
import json
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from flask import Flask

from cli.app import run
from cli.exits import Exit
from shared.services.audit_trail import access_log
from shared.services.lifecycle import deletion
from shared.services.resources import Resources
from tests.integration.api_client import Caller, caller_of
from tests.integration.privacy.test_audit_reading import auditor_of
from tests.integration.server import running_api
from tests.servers import Office, make_office


def entries(call: Caller, office: Office, **query: str) -> list[dict[str, object]]:
    answer = call("GET", f"/api/patients/{office.patient_id}/access-log", query_string=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json["entries"])


def given(call: Caller, office: Office, **query: str) -> list[dict[str, object]]:
    answer = call("GET", f"/api/patients/{office.patient_id}/disclosures", query_string=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json)


def test_it_says_in_plain_words_who_did_what(call: Caller, office: Office, session_id: UUID) -> None:
    call("GET", f"/api/sessions/{session_id}/notes")
    answer = call("GET", f"/api/patients/{office.patient_id}/access-log")
    assert answer.json["patient"] == "Pat Ient"
    newest = answer.json["entries"][0]
    assert (newest["who"], newest["what"]) == ("A therapist", "read the notes")
    assert newest["about"].startswith("session of 20")
    assert (newest["kind"], newest["session_id"], newest["times"]) == ("read", str(session_id), 1)
    assert not [entry for entry in entries(call, office) if "." in str(entry["what"])]


def test_reading_it_is_an_entry_itself(call: Caller, office: Office) -> None:
    entries(call, office)
    assert entries(call, office)[0]["what"] == "read this list of who saw the record"


def test_a_player_that_asks_in_parts_is_one_entry(call: Caller, office: Office, session_id: UUID) -> None:
    for _ in range(4):
        call("GET", f"/api/sessions/{session_id}/audio", headers={"Range": "bytes=0-9"})
    newest = entries(call, office)[0]
    assert (newest["what"], newest["times"]) == ("listened to the recording", 4)


def test_consents_participants_and_requests_are_in_it(call: Caller, office: Office) -> None:
    path = f"/api/patients/{office.patient_id}"
    added = call("POST", f"{path}/participants", json={"name": "Partner"}).json
    (partner,) = [one["id"] for one in added["people"] if one["id"]]
    said = {"event": "given", "scopes": ["recording"], "method": "written", "participant_id": partner}
    call("POST", f"{path}/consents", json=said)
    asked = call("POST", f"{path}/requests", json={"kind": "access", "words": "All."}).json
    call("POST", f"{path}/requests/{asked['id']}/decision", json={"status": "denied", "answer": "No."})
    assert {
        ("denied what the patient asked for", "patient"),
        ("noted what the patient asks for", "patient"),
        ("noted that consent was given", "patient"),
        ("added a person who takes part", "patient"),
    } <= {(entry["what"], entry["about"]) for entry in entries(call, office)}


def test_a_refused_call_is_told_as_such(
    app: Flask, resources: Resources, call: Caller, office: Office, session_id: UUID
) -> None:
    auditor = auditor_of(app, resources, office.caller.practice_id)
    assert auditor("GET", f"/api/sessions/{session_id}/notes").status_code == 403
    newest = entries(call, office)[0]
    assert (newest["who"], newest["kind"]) == ("An auditor", "refused")


def test_a_deleted_session_stays_in_it(
    call: Caller, resources: Resources, office: Office, session_id: UUID
) -> None:
    deletion.delete(resources, office.caller, session_id)
    found = [entry for entry in entries(call, office) if entry["what"] == "deleted the session"]
    assert [entry["about"] for entry in found] == ["a session that was deleted"]


def test_it_is_for_the_patients_therapist_and_for_auditors(
    app: Flask, resources: Resources, office: Office
) -> None:
    path = f"/api/patients/{office.patient_id}"
    stranger = caller_of(app, resources, make_office(resources))
    auditor = auditor_of(app, resources, office.caller.practice_id)
    elsewhere = auditor_of(app, resources, make_office(resources).caller.practice_id)
    for name in ("access-log", "disclosures"):
        assert stranger("GET", f"{path}/{name}").status_code == 404
        assert elsewhere("GET", f"{path}/{name}").status_code == 404
        assert auditor("GET", f"{path}/{name}").status_code == 200
    assert auditor("GET", f"{path}/access-log").json["patient"] is None
    assert auditor("GET", f"/api/patients/{uuid4()}/access-log").status_code == 404
    body = {"recipient": "Court", "what": "Notes", "purpose": "legal"}
    assert auditor("POST", f"{path}/disclosures", json=body).status_code == 403


def test_it_comes_as_a_table_and_as_a_document(call: Caller, office: Office, session_id: UUID) -> None:
    call("GET", f"/api/sessions/{session_id}/notes")
    path = f"/api/patients/{office.patient_id}/access-log"
    rows = list(csv.DictReader(io.StringIO(call("GET", f"{path}?format=csv").text)))
    assert (rows[0]["who"], rows[0]["what"]) == ("A therapist", "read the notes")
    document = call("GET", path, headers={"Accept": "application/pdf"})
    assert document.data.startswith(b"%PDF-")
    assert "Ient" not in document.headers["Content-Disposition"]


def test_too_much_at_once_is_asked_for_by_time(
    call: Caller, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        call("GET", f"/api/patients/{office.patient_id}")
    monkeypatch.setattr(access_log, "MOST", 2)
    answer = call("GET", f"/api/patients/{office.patient_id}/access-log")
    assert (answer.status_code, answer.json["code"]) == (400, "too_many_entries")
    assert entries(call, office, until="2020-01-01") == []


EXPORTS = [
    ("notes", {"format": "pdf"}, "the notes as pdf"),
    ("notes", {"format": "fhir"}, "the notes as fhir"),
    ("notes", {"format": "json", "recipient": "insurer"}, "the notes as json"),
    ("transcript", {"format": "vtt"}, "the transcript as vtt"),
    ("audio", {"purpose": "legal"}, "the recording as file"),
]


@pytest.mark.parametrize(("what", "query", "said"), EXPORTS)
def test_an_export_is_a_disclosure_with_recipient_and_purpose(
    call: Caller, office: Office, session_id: UUID, what: str, query: dict[str, str], said: str
) -> None:
    assert call("GET", f"/api/sessions/{session_id}/{what}", query_string=query).status_code == 200
    (found,) = given(call, office)
    assert (found["kind"], found["what"], found["by"]) == ("export", said, "A therapist")
    assert (found["recipient"], found["purpose"]) == (query.get("recipient"), query.get("purpose"))
    assert found["session_id"] == str(session_id)


def test_what_is_read_here_is_no_disclosure(call: Caller, office: Office, session_id: UUID) -> None:
    for path in ("", "/notes", "/transcript", "/audio"):
        assert call("GET", f"/api/sessions/{session_id}{path}").status_code == 200
    assert given(call, office) == []


def test_a_recipients_name_has_no_place_in_an_address(call: Caller, session_id: UUID) -> None:
    query = {"format": "pdf", "recipient": "Dr. Miller"}
    assert call("GET", f"/api/sessions/{session_id}/notes", query_string=query).status_code == 422


def test_a_disclosure_on_paper_is_recorded_and_sealed(
    app: Flask, resources: Resources, call: Caller, office: Office, session_id: UUID
) -> None:
    path = f"/api/patients/{office.patient_id}/disclosures"
    body = {"recipient": "Dr. Miller, Elm Street", "what": "A letter", "purpose": "treatment"}
    sent = {**body, "session_id": str(session_id), "at": "2026-01-02T10:00:00Z"}
    headers = {"Idempotency-Key": "a-letter-to-miller"}
    made = call("POST", path, json=sent, headers=headers)
    assert made.status_code == 201, made.text
    assert call("POST", path, json=sent, headers=headers).json == made.json
    (found,) = given(call, office)
    assert {name: found[name] for name in body} == body
    assert (found["kind"], found["by"], found["at"][:10]) == ("recorded", "A therapist", "2026-01-02")  # type: ignore[index]
    assert given(call, office, since="2026-02-01") == []
    (sealed,) = given(auditor_of(app, resources, office.caller.practice_id), office)
    assert (sealed["recipient"], sealed["what"], sealed["purpose"]) == (None, "sealed", "treatment")


@pytest.mark.parametrize(
    ("change", "status"),
    [({"purpose": "gossip"}, 422), ({"at": "2199-01-01"}, 400), ({"session_id": str(uuid4())}, 404)],
)
def test_a_disclosure_that_cannot_be_is_refused(
    call: Caller, office: Office, change: dict[str, str], status: int
) -> None:
    body = {"recipient": "Dr. Miller", "what": "A letter", "purpose": "treatment"} | change
    path = f"/api/patients/{office.patient_id}/disclosures"
    assert call("POST", path, json=body).status_code == status


def test_another_patients_session_is_not_named(call: Caller, office: Office, session_id: UUID) -> None:
    other = call("POST", "/api/patients", json={"name": "Other"}).json["id"]
    body = {"recipient": "A", "what": "B", "purpose": "other", "session_id": str(session_id)}
    assert call("POST", f"/api/patients/{other}/disclosures", json=body).status_code == 404


def test_the_commands_show_and_record(
    environment: dict[str, str],
    call: Caller,
    office: Office,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert call.key is not None
    call("GET", f"/api/patients/{office.patient_id}")
    with running_api(environment, tmp_path / "api.log") as url:
        common = ["--url", url, "--key", call.key, "patients"]
        who = str(office.patient_id)
        recorded = ["--recipient", "Dr. Miller", "--what", "A letter", "--purpose", "treatment"]
        assert run([*common, "record-disclosure", who, *recorded, "--at", "2026-01-02"]) == Exit.OK
        assert run([*common, "disclosures", who]) == Exit.OK
        assert "Dr. Miller" in capsys.readouterr().out
        assert run([*common, "access-log", who, "--json"]) == Exit.OK
        assert json.loads(capsys.readouterr().out)["patient"] == "Pat Ient"
        to = tmp_path / "log.pdf"
        assert run([*common, "access-log", who, "--format", "pdf", "--to", str(to)]) == Exit.OK
        assert run([*common, "access-log", who, "--format", "pdf"]) == Exit.USAGE
    assert to.read_bytes().startswith(b"%PDF-")

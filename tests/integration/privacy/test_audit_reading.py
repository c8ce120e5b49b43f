"""Reading the audit trail: by whom, filtered, page by page, as a file."""

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from flask import Flask

from cli.app import run
from cli.exits import Exit
from shared.db.queries.privacy import audit
from shared.services.access.caller import Scope
from shared.services.accounts import accounts
from shared.services.audit_trail import reading
from shared.services.audit_trail.reading import Wanted
from shared.services.lifecycle import deletion
from shared.services.paging import cursor_after
from shared.services.resources import Resources
from tests.integration.api_client import Caller
from tests.integration.server import running_api
from tests.integration.sessions import promise
from tests.servers import Office, make_office


def auditor_of(app: Flask, resources: Resources, practice_id: UUID, name: str = "An auditor") -> Caller:
    """Whose key reads the trail and does nothing else."""
    person = accounts.create_therapist(resources, practice_id, name, accounts.ADMINISTRATOR)
    scopes = frozenset({Scope.AUDIT_READ})
    return Caller(app.test_client(), accounts.create_key(resources, practice_id, person.id, scopes)[1])


@pytest.fixture
def auditor(app: Flask, resources: Resources, office: Office) -> Caller:
    return auditor_of(app, resources, office.caller.practice_id)


def actions(auditor: Caller, **query: object) -> list[str]:
    answer = auditor("GET", "/api/audit", query_string=query)
    assert answer.status_code == 200, answer.text
    return [line["action"] for line in answer.json]


def test_a_line_says_who_did_what_with_which_key_and_from_where(
    auditor: Caller, call: Caller, office: Office
) -> None:
    call("GET", f"/api/patients/{office.patient_id}", headers={"X-Request-Id": "request-0001"})
    (line,) = auditor("GET", "/api/audit", query_string={"action": "patient.read"}).json
    assert line["actor"] == f"therapist:{office.caller.therapist_id}"
    assert (line["name"], line["subject_id"]) == ("A therapist", str(office.patient_id))
    assert (line["address"], line["request_id"]) == ("127.0.0.1", "request-0001")
    assert UUID(line["key_id"])


def test_that_it_was_read_is_a_line(auditor: Caller, office: Office) -> None:
    actions(auditor, patient_id=office.patient_id)
    (line,) = auditor("GET", "/api/audit", query_string={"action": "trail"}).json
    assert (line["action"], line["name"]) == ("trail.read", "An auditor")
    assert line["subject_id"] == str(office.patient_id)


def test_a_therapist_does_not_read_it(call: Caller) -> None:
    for path in ("/api/audit", "/api/audit/export"):
        assert call("GET", path).status_code == 403


def test_another_practice_sees_nothing_of_it(
    app: Flask, resources: Resources, call: Caller, office: Office
) -> None:
    call("GET", f"/api/patients/{office.patient_id}")
    elsewhere = auditor_of(app, resources, make_office(resources).caller.practice_id)
    assert actions(elsewhere, patient_id=office.patient_id) == []
    assert '"patient.read"' not in elsewhere("GET", "/api/audit/export").text


def test_lines_are_found_by_person_patient_session_action_key_address_and_time(
    auditor: Caller, call: Caller, resources: Resources, office: Office
) -> None:
    session_id = promise(resources, office)
    call("GET", f"/api/sessions/{session_id}")
    call("GET", f"/api/patients/{office.patient_id}")
    key_id = call("GET", "/api/whoami").json["key_id"]
    read = ["patient.read", "session.read"]
    assert actions(auditor, person_id=office.caller.therapist_id, action="patient") == read[:1]
    assert actions(auditor, patient_id=office.patient_id, key_id=key_id) == read
    assert actions(auditor, session_id=session_id, key_id=key_id) == read[1:]
    assert actions(auditor, record_id=office.patient_id, key_id=key_id) == read[:1]
    assert actions(auditor, key_id=key_id) == read
    assert actions(auditor, key_id=key_id, address="10.9.8.7") == []
    assert actions(auditor, action="session.rea") == []
    assert actions(auditor, key_id=key_id, until="2020-01-01") == []
    assert actions(auditor, key_id=key_id, since="2020-01-01") == read
    assert actions(auditor, patient_id=uuid4()) == []


def test_what_was_done_with_a_deleted_session_is_found_by_its_patient(
    auditor: Caller, resources: Resources, office: Office
) -> None:
    deletion.delete(resources, office.caller, promise(resources, office))
    assert "session.delete" in actions(auditor, patient_id=office.patient_id)


def test_the_work_of_workers_is_shown_if_asked(auditor: Caller, resources: Resources, office: Office) -> None:
    practice_id = office.caller.practice_id
    with resources.database.transaction(practice_id) as db:
        audit.record(db, practice_id=practice_id, actor="worker:a", action="step.started", step="persist")
    assert "step.started" not in actions(auditor)
    assert "step.started" in actions(auditor, steps="true")


def test_pages_follow_each_other_and_keep_their_filters(
    auditor: Caller, call: Caller, office: Office
) -> None:
    for _ in range(5):
        call("GET", f"/api/patients/{office.patient_id}")
    seen, path = [], "/api/audit?action=patient.read&limit=2"
    while path:
        answer = auditor("GET", path)
        seen += [line["id"] for line in answer.json]
        link = answer.headers.get("Link")
        path = link.partition(">")[0][1:] if link else ""
    assert len(seen) == 5
    assert seen == sorted(set(seen), reverse=True)
    cursor = auditor("GET", "/api/audit?limit=1").headers["Link"].split("cursor=")[1].split(">")[0]
    other = auditor("GET", f"/api/audit?action=notes&cursor={cursor}")
    assert other.json["errors"] == {"cursor": ["Not a cursor of this list."]}


def test_the_file_has_all_lines_and_its_making_is_one(
    auditor: Caller, call: Caller, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_AT_ONCE", 2)
    for _ in range(5):
        call("GET", f"/api/patients/{office.patient_id}")
    query = {"action": "patient.read"}
    answer = auditor("GET", "/api/audit/export", query_string=query)
    assert answer.content_type == "application/x-ndjson"
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [line["action"] for line in lines] == ["patient.read"] * 5
    table = auditor("GET", "/api/audit/export", query_string={**query, "format": "csv"})
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert [row["id"] for row in rows] == [str(line["id"]) for line in lines]
    assert actions(auditor, action="trail.export") == ["trail.export"] * 2


def test_a_name_is_no_formula_in_a_spreadsheet(app: Flask, resources: Resources, office: Office) -> None:
    auditor = auditor_of(app, resources, office.caller.practice_id, "=1+1")
    actions(auditor)
    table = auditor("GET", "/api/audit/export?format=csv&action=trail.read").text
    assert ",'=1+1," in table


def test_the_commands_list_and_export(
    environment: dict[str, str],
    auditor: Caller,
    call: Caller,
    office: Office,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    call("GET", f"/api/patients/{office.patient_id}")
    assert auditor.key is not None
    with running_api(environment, tmp_path / "api.log") as url:
        common = ["--url", url, "--key", auditor.key, "audit"]
        filters = ["--action", "patient.read", "--patient", str(office.patient_id), "--since", "2020-01-01"]
        assert run([*common, "list", *filters]) == Exit.OK
        assert "A therapist" in capsys.readouterr().out
        assert run([*common, "list", "--json", *filters]) == Exit.OK
        assert [line["action"] for line in json.loads(capsys.readouterr().out)] == ["patient.read"]
        to = tmp_path / "trail.csv"
        assert run([*common, "export", "--format", "csv", "--to", str(to), *filters]) == Exit.OK
    assert len(to.read_text().splitlines()) == 2


@pytest.mark.parametrize("name", ["address", "action"])
def test_what_no_line_can_hold_is_refused(auditor: Caller, name: str) -> None:
    for path in ("/api/audit", "/api/audit/export"):
        assert auditor("GET", path, query_string={name: "a\0b"}).status_code == 422
    assert auditor("GET", "/api/audit/incident", query_string={"address": "a\0b"}).status_code == 422


def test_a_cursor_beyond_all_numbers_is_no_error(auditor: Caller) -> None:
    cursor = cursor_after((datetime.now(UTC), UUID(int=2**127)), reading.listing(Wanted()))
    assert auditor("GET", f"/api/audit?cursor={cursor}").status_code == 200

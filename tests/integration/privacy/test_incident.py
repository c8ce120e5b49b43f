"""A thief is planted, found in the audit trail, and locked out by what the report says."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask

from cli.app import run
from cli.exits import Exit
from shared.services import patients
from shared.services.access import emergency
from shared.services.access.caller import THERAPIST_SCOPES, Scope
from shared.services.accounts import accounts
from shared.services.patients import Consent
from shared.services.resources import Resources
from tests.integration.api_client import Caller
from tests.integration.notes_calls import processed
from tests.integration.privacy.test_audit_reading import auditor_of
from tests.integration.server import running_api
from tests.servers import Office

THIEF = "203.0.113.66"


@dataclass(frozen=True)
class Theft:
    """What the thief did."""

    read: UUID
    exported: UUID
    exported_of: str
    never_touched: str
    stolen_key: str
    made_key: str


@pytest.fixture
def owner(app: Flask, resources: Resources, office: Office) -> Caller:
    scopes = THERAPIST_SCOPES | {Scope.KEYS}
    whose = (office.caller.practice_id, office.caller.therapist_id)
    return Caller(app.test_client(), accounts.create_key(resources, *whose, scopes)[1])


@pytest.fixture
def auditor(app: Flask, resources: Resources, office: Office) -> Caller:
    return auditor_of(app, resources, office.caller.practice_id)


def from_elsewhere(call: Caller, method: str, path: str, **options: object) -> object:
    answer = call(method, path, environ_base={"REMOTE_ADDR": THIEF}, **options)
    assert answer.status_code < 300, answer.text
    return answer.json


@pytest.fixture
def theft(app: Flask, resources: Resources, office: Office, owner: Caller) -> Theft:
    """The key of a therapist is used from elsewhere, beside the therapist's own work."""
    read, exported = processed(resources, office), processed(resources, office)
    untouched = owner("POST", "/api/patients", json={"name": "Never Touched"}).json["id"]
    owner("GET", f"/api/patients/{untouched}")
    stolen = owner("GET", "/api/whoami").json["key_id"]
    from_elsewhere(owner, "GET", f"/api/sessions/{read}/notes")
    owner("GET", f"/api/sessions/{exported}/transcript?format=txt", environ_base={"REMOTE_ADDR": THIEF})
    made = from_elsewhere(owner, "POST", "/api/keys", json={"label": "backup"})
    assert isinstance(made, dict)
    thief = Caller(app.test_client(), made["key"])
    from_elsewhere(thief, "GET", f"/api/patients/{office.patient_id}")
    thief("GET", "/api/audit", environ_base={"REMOTE_ADDR": THIEF})
    return Theft(read, exported, str(office.patient_id), untouched, stolen, made["id"])


def test_the_report_names_whom_to_tell_and_what_to_revoke(
    auditor: Caller, owner: Caller, theft: Theft
) -> None:
    found = auditor("GET", "/api/audit/incident", query_string={"address": THIEF}).json
    (affected,) = found["patients"]
    assert affected["patient_id"] == theft.exported_of
    assert set(affected["sessions"]) == {str(theft.read), str(theft.exported)}
    assert (affected["reads"], affected["exports"], affected["only_listed"]) == (2, 1, False)
    assert {one["id"] for one in found["credentials"]} == {theft.stolen_key, theft.made_key}
    assert found["refused"] == 1
    assert (found["practice"]["key.create"], list(found["addresses"])) == (1, [THIEF])
    assert found["emergencies"] == []
    revoke = [f"sessionscribe keys revoke {key}" for key in (theft.stolen_key, theft.made_key)]
    assert sorted(found["steps"]) == sorted(revoke)


def test_by_key_the_owners_own_work_is_among_it_and_keys_that_it_made(auditor: Caller, theft: Theft) -> None:
    found = auditor("GET", "/api/audit/incident", query_string={"key_id": theft.stolen_key}).json
    told = {one["patient_id"] for one in found["patients"]}
    assert told == {theft.exported_of, theft.never_touched}
    made = {one["id"]: one["made"] for one in found["credentials"]}
    assert made == {theft.stolen_key: False, theft.made_key: True}


def test_a_list_shows_the_names_of_all_patients(auditor: Caller, owner: Caller, theft: Theft) -> None:
    from_elsewhere(owner, "GET", "/api/patients")
    found = auditor("GET", "/api/audit/incident", query_string={"address": THIEF}).json
    listed = {one["patient_id"]: one["only_listed"] for one in found["patients"]}
    assert listed == {theft.exported_of: False, theft.never_touched: True}


def test_it_is_found_by_person_and_by_time(
    auditor: Caller, owner: Caller, office: Office, theft: Theft
) -> None:
    query = {"person_id": str(office.caller.therapist_id), "since": "2020-01-01"}
    assert auditor("GET", "/api/audit/incident", query_string=query).json["lines"] > 5
    nothing = auditor("GET", "/api/audit/incident", query_string={**query, "until": "2020-01-02"}).json
    assert (nothing["lines"], nothing["patients"], nothing["steps"]) == (0, [], [])


def test_nothing_suspected_is_no_incident(auditor: Caller, owner: Caller) -> None:
    assert auditor("GET", "/api/audit/incident").status_code == 400
    assert auditor("GET", "/api/audit/incident?until=2026-01-01").json["code"] == "no_suspicion"
    assert owner("GET", "/api/audit/incident?since=2026-01-01").status_code == 403


def test_the_drill(
    environment: dict[str, str],
    auditor: Caller,
    owner: Caller,
    theft: Theft,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The operator runs the command, and then each command that it names."""
    assert auditor.key is not None
    assert owner.key is not None
    with running_api(environment, tmp_path / "api.log") as url:
        common = ["--url", url, "--key", auditor.key, "incident"]
        assert run([*common, "--address", THIEF, "--json"]) == Exit.OK
        steps = json.loads(capsys.readouterr().out)["steps"]
        assert run([*common, "--address", THIEF]) == Exit.OK
        assert theft.exported_of[:8] in capsys.readouterr().out
        assert run(common) == Exit.USAGE
        made = [step for step in steps if theft.made_key in step]
        stolen = [step for step in steps if theft.stolen_key in step]
        for step in [*made, *stolen]:  # the owner ends both, the stolen one last
            words = step.split()[1:]
            assert run(["--url", url, "--key", owner.key, *words]) == Exit.OK
    assert owner("GET", "/api/whoami").status_code == 401
    found = auditor("GET", "/api/audit/incident", query_string={"address": THIEF}).json
    assert found["steps"] == []


def test_emergency_accesses_that_the_thief_could_use_are_named(
    auditor: Caller, resources: Resources, office: Office, theft: Theft
) -> None:
    colleague = accounts.create_therapist(resources, office.caller.practice_id, "Colleague")
    theirs = replace(office.caller, therapist_id=colleague.id)
    patient_id = patients.create(resources, theirs, "Of a colleague", Consent()).id
    held = emergency.begin(resources, office.caller, "Canary.", patient_id=patient_id, name=None)
    for query in ({"key_id": theft.stolen_key}, {"person_id": str(office.caller.therapist_id)}):
        (one,) = auditor("GET", "/api/audit/incident", query_string=query).json["emergencies"]
        assert (one["id"], one["patient_id"], one["ended_at"]) == (str(held.id), str(patient_id), None)
        assert "reason" not in one
    query = {"person_id": str(colleague.id), "since": "2020-01-01"}
    assert auditor("GET", "/api/audit/incident", query_string=query).json["emergencies"] == []

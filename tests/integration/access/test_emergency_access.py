"""Emergency access: one patient, for a day, with a reason, told to the owner, held to by Postgres."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text

from shared.db.connection.engine import DatabaseError
from shared.services import patients
from shared.services.access import emergency
from shared.services.access.caller import THERAPIST_SCOPES, Scope
from shared.services.accounts import accounts
from shared.services.audit_trail import disclosures
from shared.services.notes import process_notes
from shared.services.patients import Consent
from shared.services.resources import Resources
from tests.database import everything
from tests.integration.api_client import Caller, caller_of
from tests.integration.browser import browser_of
from tests.integration.notes_calls import processed
from tests.servers import Office, make_office

START = "/api/emergency-access"


@pytest.fixture
def owner(app: Flask, resources: Resources, office: Office) -> Caller:
    return caller_of(app, resources, office)


@pytest.fixture
def colleague_id(resources: Resources, office: Office) -> UUID:
    return accounts.create_therapist(resources, office.caller.practice_id, "Colleague").id


@pytest.fixture
def colleague(app: Flask, resources: Resources, office: Office, colleague_id: UUID) -> Caller:
    scopes = THERAPIST_SCOPES | {Scope.EMERGENCY}
    key = accounts.create_key(resources, office.caller.practice_id, colleague_id, scopes)[1]
    return Caller(app.test_client(), key)


def begun(colleague: Caller, office: Office) -> dict[str, Any]:
    body = {"patient_id": str(office.patient_id), "reason": "Found unconscious."}
    answer = colleague("POST", START, json=body)
    assert answer.status_code == 201
    found: dict[str, Any] = answer.json
    return found


def test_a_colleague_reads_one_patients_record_and_nothing_else(
    colleague: Caller, resources: Resources, office: Office
) -> None:
    session_id = processed(resources, office)
    other = patients.create(resources, office.caller, "Another", Consent()).id
    path = f"{START}/{begun(colleague, office)['id']}"
    assert colleague("GET", f"{path}/patient").json["name"] == "Pat Ient"
    assert [one["id"] for one in colleague("GET", f"{path}/sessions").json] == [str(session_id)]
    shown = colleague("GET", f"{path}/sessions/{session_id}").json
    assert shown["transcript_segments"]
    assert shown["extracted_notes"]
    assert colleague("GET", f"/api/sessions/{session_id}").status_code == 404
    assert colleague("GET", f"/api/patients/{office.patient_id}").status_code == 404
    elsewhere = Office(office.caller, other)
    of_other = processed(resources, elsewhere)
    assert colleague("GET", f"{path}/sessions/{of_other}").status_code == 404


def test_it_lasts_a_day_and_may_be_ended_sooner_by_both(
    colleague: Caller, owner: Caller, resources: Resources, office: Office
) -> None:
    made = begun(colleague, office)
    path = f"{START}/{made['id']}"
    assert made["until_at"][11:19] == made["started_at"][11:19]  # a day later
    with everything(resources) as db:
        db.execute(text("UPDATE emergency_accesses SET until_at = now()"))
    assert colleague("GET", f"{path}/patient").status_code == 404
    for ending in (colleague, owner):
        path = f"{START}/{begun(colleague, office)['id']}"
        assert colleague("GET", f"{path}/patient").status_code == 200
        assert ending("POST", f"{path}/end").status_code == 204
        assert colleague("GET", f"{path}/patient").status_code == 404


def test_the_owner_is_shown_who_read_and_why_until_they_acknowledge(
    app: Flask, colleague: Caller, owner: Caller, resources: Resources, office: Office, colleague_id: UUID
) -> None:
    me = browser_of(app, resources, office.caller.practice_id, office.caller.therapist_id)
    assert "Emergency access" not in me.get("/today").text
    made = begun(colleague, office)
    shown = owner("GET", START).json
    assert [(one["therapist_id"], one["reason"]) for one in shown] == [
        (str(colleague_id), "Found unconscious.")
    ]
    page = me.get("/today").text
    assert "Emergency access to your patients (1)" in page
    assert "Found unconscious." in page
    assert colleague("POST", f"{START}/{made['id']}/seen").status_code == 404
    assert me.submit(f"/emergency-access/{made['id']}/seen").status_code == 303
    assert "Emergency access" not in me.get("/today").text
    assert owner("GET", START).json[0]["seen_at"]


def test_the_reads_have_a_class_of_their_own_in_the_trail(
    colleague: Caller, owner: Caller, resources: Resources, office: Office, colleague_id: UUID
) -> None:
    session_id = processed(resources, office)
    path = f"{START}/{begun(colleague, office)['id']}"
    colleague("GET", f"{path}/patient")
    colleague("GET", f"{path}/sessions/{session_id}")
    with everything(resources) as db:
        query = text("SELECT action FROM audit_events WHERE actor = :actor ORDER BY id")
        read = db.scalars(query, {"actor": f"emergency:{colleague_id}"}).all()
        begin = db.execute(
            text("SELECT actor, subject_id FROM audit_events WHERE action = 'emergency.begin'")
        )
        assert begin.one() == (f"therapist:{colleague_id}", office.patient_id)
    assert read[0] == "patient.read"
    seen = owner("GET", f"/api/patients/{office.patient_id}/access-log").json["entries"]
    by_colleague = [(one["who"], one["what"]) for one in seen if "Colleague" in one["who"]]
    assert ("Colleague", "opened the record in an emergency") in by_colleague
    assert ("Colleague (emergency access)", "opened the session") in by_colleague
    assert "session.read" in read


def test_a_patient_is_found_by_their_whole_name(
    colleague: Caller, resources: Resources, office: Office
) -> None:
    def ask(name: str) -> Any:
        return colleague("POST", START, json={"name": name, "reason": "Found unconscious."})

    assert ask("pat  ient").json["patient_id"] == str(office.patient_id)
    assert ask("Pat").status_code == 404
    patients.create(resources, office.caller, "Pat Ient", Consent())
    assert ask("Pat Ient").json["code"] == "several_patients"


def test_trying_names_is_in_the_trail(colleague: Caller, resources: Resources, colleague_id: UUID) -> None:
    answer = colleague("POST", START, json={"name": "No Such Canary", "reason": "Curious."})
    assert answer.status_code == 404
    with everything(resources) as db:
        lines = db.execute(
            text("SELECT actor, code FROM audit_events WHERE action = 'emergency.refused'")
        ).all()
    assert [tuple(line) for line in lines] == [(f"therapist:{colleague_id}", "patient_not_found")]


def test_own_patients_and_those_of_other_practices_are_not_opened(
    app: Flask, owner: Caller, colleague: Caller, resources: Resources, office: Office
) -> None:
    body = {"patient_id": str(office.patient_id), "reason": "Curious."}
    assert owner("POST", START, json=body).json["code"] == "scope_missing"
    own = caller_of(app, resources, office, {Scope.EMERGENCY})
    assert own("POST", START, json=body).json["code"] == "own_patient"
    stranger = make_office(resources)
    body = {"patient_id": str(stranger.patient_id), "reason": "Curious."}
    assert colleague("POST", START, json=body).status_code == 404
    assert colleague("POST", START, json={"reason": "Curious."}).status_code == 422
    assert colleague("POST", START, json=body | {"reason": " "}).status_code == 422


def narrow(resources: Resources, office: Office, colleague_id: UUID) -> Resources:
    who = replace(office.caller, therapist_id=colleague_id)
    made = emergency.begin(resources, who, "Found unconscious.", patient_id=office.patient_id, name=None)
    return emergency.reading(resources, who, made.id)[0]


def test_row_level_security_shows_the_patient_alone_and_nothing_after_the_end(
    resources: Resources, office: Office, colleague_id: UUID
) -> None:
    session_id = processed(resources, office)
    process_notes.write(resources, office.caller, session_id, "Apart.", None)
    other = patients.create(resources, office.caller, "Another", Consent()).id
    processed(resources, Office(office.caller, other))
    one = narrow(resources, office, colleague_id)
    practice = office.caller.practice_id
    with one.database.transaction(practice) as db:
        assert db.scalars(text("SELECT id FROM patients")).all() == [office.patient_id]
        assert db.scalars(text("SELECT id FROM sessions")).all() == [session_id]
        assert set(db.scalars(text("SELECT session_id FROM notes"))) == {session_id}
        assert set(db.scalars(text("SELECT session_id FROM outputs"))) == {session_id}
        assert db.scalars(text("SELECT session_id FROM process_notes")).all() == []
    with everything(resources) as db:
        db.execute(text("UPDATE emergency_accesses SET until_at = now()"))
    with one.database.transaction(practice) as db:
        for table in ("patients", "sessions", "notes", "outputs"):
            assert db.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0, table
    with resources.database.transaction(practice) as db:  # the next borrower of the connection sees all
        assert db.execute(text("SELECT count(*) FROM patients")).scalar_one() == 2


def test_nothing_is_written_in_an_emergency(resources: Resources, office: Office, colleague_id: UUID) -> None:
    one = narrow(resources, office, colleague_id)
    with pytest.raises(DatabaseError), one.database.transaction(office.caller.practice_id) as db:
        db.execute(text("UPDATE patients SET deleted_at = now()"))


def test_the_pages_open_a_record_and_close_it(
    app: Flask, resources: Resources, office: Office, colleague_id: UUID
) -> None:
    processed(resources, office)
    them = browser_of(app, resources, office.caller.practice_id, colleague_id)
    them.get("/emergency-access")
    page = "/emergency-access"
    assert them.submit(page, name="Nobody Known", reason="Urgent.").status_code == 422
    opened = them.submit(page, name="Pat Ient", reason="Urgent.")
    assert opened.status_code == 303
    shown = them.get(opened.location).text
    assert "Pat Ient" in shown
    assert "Emergency access. Each look is in the audit trail." in shown
    assert them.submit(f"{opened.location}/end").status_code == 303
    assert them.get(opened.location).status_code == 404
    assert "Ended" in them.get(page).text


# Tables that name a patient or a session, and that the reader may read whole, each with the reason.
WITHOUT_POLICY = {
    "emergency": {
        "emergency_accesses": "the policies of the others ask it; it holds ids, times and a sealed reason",
    },
    "supervision": {
        "supervision_grants": "the policies of the others ask it; it holds ids and times, and it has "
        "policies of its own against writing",
    },
}


@pytest.mark.parametrize("policy", ["emergency", "supervision"])
def test_every_table_about_patients_is_held_to_the_access(resources: Resources, policy: str) -> None:
    with everything(resources) as db:
        about = db.scalars(
            text(
                "SELECT DISTINCT table_name FROM information_schema.columns WHERE table_schema = 'public'"
                " AND column_name IN ('patient_id', 'session_id')"
            )
        ).all()
        named = (
            "SELECT tablename FROM pg_policies WHERE policyname = :policy AND permissive = 'RESTRICTIVE'"
            " AND cmd = 'ALL'"
        )
        held = db.scalars(text(named), {"policy": policy}).all()
    left = set(WITHOUT_POLICY[policy])
    assert set(about) - set(held) == left, "write a policy like those of migrations 0113 and 0123"


def test_steps_of_other_patients_and_tables_that_no_reading_needs_show_nothing(
    resources: Resources, office: Office, colleague_id: UUID
) -> None:
    session_id = processed(resources, office)
    consent = Consent(datetime.now(UTC), "written")
    other = Office(office.caller, patients.create(resources, office.caller, "Other", consent).id)
    elsewhere = processed(resources, other)
    for patient_id in (office.patient_id, other.patient_id):
        told = disclosures.New("A court", "A letter", "legal")
        disclosures.record(resources, office.caller, patient_id, told)
    who = replace(office.caller, therapist_id=colleague_id)
    access = emergency.begin(resources, who, "Urgent.", patient_id=office.patient_id, name=None)
    narrow, _, _ = emergency.reading(resources, who, access.id)

    def shown(mine: Resources, query: str) -> set[UUID]:
        with mine.database.transaction(office.caller.practice_id) as db:
            return set(db.scalars(text(query)))

    steps, given = "SELECT session_id FROM steps", "SELECT patient_id FROM disclosures"
    assert shown(resources, steps) == {session_id, elsewhere}
    assert shown(narrow, steps) == {session_id}
    assert shown(resources, given) == {office.patient_id, other.patient_id}
    assert shown(narrow, given) == set()

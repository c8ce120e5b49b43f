"""First keys: an administrator issues a code, the person redeems it, and no other way leads to records."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from cli.local import accounts as local_accounts
from shared.domain.errors import NotFound
from shared.services.access.caller import THERAPIST_SCOPES, Scope
from shared.services.accounts import accounts, enrolment
from shared.services.resources import Resources
from tests.database import everything
from tests.integration.api_client import Caller, caller_of
from tests.servers import Office


@pytest.fixture
def admin(app: Flask, resources: Resources, office: Office) -> Caller:
    practice_id = office.caller.practice_id
    person = accounts.create_therapist(resources, practice_id, "Office", accounts.ADMINISTRATOR)
    return Caller(app.test_client(), accounts.create_key(resources, practice_id, person.id)[1])


@pytest.fixture
def newcomer(resources: Resources, office: Office) -> UUID:
    return accounts.create_therapist(resources, office.caller.practice_id, "Dr. New").id


def issue(admin: Caller, person: UUID) -> TestResponse:
    return admin("POST", f"/api/therapists/{person}/enrolment-code")


def redeem(app: Flask, code: object, **wanted: object) -> TestResponse:
    return app.test_client().post("/api/enrolments", json={"code": code, **wanted})


def refused(answer: TestResponse) -> bool:
    return (answer.status_code, answer.json["code"]) == (401, "enrolment_code_refused")


def test_a_person_redeems_a_code_for_a_key_that_makes_further_ones(
    app: Flask, admin: Caller, newcomer: UUID
) -> None:
    issued = issue(admin, newcomer)
    assert issued.status_code == 201, issued.text
    in_three_days = datetime.fromisoformat(issued.json["expires_at"]) - datetime.now(UTC)
    assert abs(in_three_days - timedelta(hours=72)) < timedelta(minutes=1)
    made = redeem(app, issued.json["code"], label="laptop")
    assert made.status_code == 201, made.text
    assert set(made.json["scopes"]) == THERAPIST_SCOPES | {Scope.KEYS}
    person = Caller(app.test_client(), made.json["key"])
    assert person("GET", "/api/whoami").json["therapist_id"] == str(newcomer)
    further = person("POST", "/api/keys", json={"scopes": ["notes:read"]})
    assert further.status_code == 201
    assert {key["id"] for key in person("GET", "/api/keys").json} == {made.json["id"], further.json["id"]}


def test_a_code_works_once(app: Flask, admin: Caller, newcomer: UUID) -> None:
    code = issue(admin, newcomer).json["code"]
    assert redeem(app, code).status_code == 201
    assert refused(redeem(app, code))


def test_only_the_newest_code_of_a_person_works(app: Flask, admin: Caller, newcomer: UUID) -> None:
    older, newer = (issue(admin, newcomer).json["code"] for _ in range(2))
    assert refused(redeem(app, older))
    assert redeem(app, newer).status_code == 201


def test_a_code_ends_after_three_days(
    app: Flask, admin: Caller, newcomer: UUID, resources: Resources
) -> None:
    code = issue(admin, newcomer).json["code"]
    with everything(resources) as db:
        db.execute(text("UPDATE enrolment_codes SET expires_at = expires_at - interval '72 hours'"))
    assert refused(redeem(app, code))


def test_what_is_no_code_is_refused_in_the_same_words(app: Flask, admin: Caller, newcomer: UUID) -> None:
    code = issue(admin, newcomer).json["code"]
    wrong = [code[:-1] + ("a" if code[-1] != "a" else "b"), "sse_", str(uuid4()), admin.key]
    answers = [redeem(app, text) for text in wrong]
    assert all(refused(answer) for answer in answers)
    assert len({answer.json["detail"] for answer in answers}) == 1
    assert redeem(app, code).status_code == 201


def test_scopes_that_the_person_may_not_have_leave_the_code_as_it_was(
    app: Flask, admin: Caller, newcomer: UUID
) -> None:
    code = issue(admin, newcomer).json["code"]
    assert redeem(app, code, scopes=["operations"]).status_code == 400
    assert redeem(app, code, scopes=["process-notes:read", "notes:sign"]).status_code == 201


def test_only_a_digest_of_a_code_is_stored(admin: Caller, newcomer: UUID, resources: Resources) -> None:
    code = issue(admin, newcomer).json["code"]
    with everything(resources) as db:
        row = str(db.execute(text("SELECT *, encode(digest, 'escape') FROM enrolment_codes")).all())
    assert code.rpartition("_")[2] not in row


@pytest.mark.parametrize("way", ["a key was used", "there are patients"])
def test_no_administrator_gets_a_code_for_a_person_who_has_begun_to_work(
    app: Flask, admin: Caller, newcomer: UUID, office: Office, resources: Resources, way: str
) -> None:
    person = office.caller.therapist_id if way == "there are patients" else newcomer
    if person == newcomer:
        key = redeem(app, issue(admin, newcomer).json["code"]).json["key"]
        assert issue(admin, newcomer).status_code == 201  # the answer with the key may have been lost
        Caller(app.test_client(), key)("GET", "/api/whoami")
    answer = issue(admin, person)
    assert (answer.status_code, answer.json["code"]) == (409, "already_enrolled")


def test_a_code_that_waits_is_worthless_once_the_person_works(
    app: Flask, admin: Caller, newcomer: UUID
) -> None:
    key = redeem(app, issue(admin, newcomer).json["code"]).json["key"]
    kept = issue(admin, newcomer).json["code"]
    Caller(app.test_client(), key)("GET", "/api/whoami")
    assert refused(redeem(app, kept))


def test_an_administrator_gains_no_key_to_content_by_any_call(
    app: Flask, admin: Caller, office: Office, resources: Resources
) -> None:
    """Revoke, enrol, make, rotate: all that an administrator can do about a therapist who works."""
    therapist = caller_of(app, resources, office)
    mine = therapist("GET", "/api/keys").json[0]["id"]
    person = str(office.caller.therapist_id)
    assert admin("POST", f"/api/keys/{mine}/rotate").status_code == 403
    assert admin("POST", "/api/keys", json={"therapist_id": person}).status_code == 403
    assert admin("POST", "/api/keys", json={"scopes": ["notes:sign"]}).status_code == 400
    assert admin("DELETE", f"/api/keys/{mine}").status_code == 204
    assert issue(admin, UUID(person)).status_code == 409


def test_a_narrow_key_of_an_administrator_gives_no_more_than_it_has(app: Flask, admin: Caller) -> None:
    narrow = admin("POST", "/api/keys", json={"scopes": ["keys"]}).json["key"]
    answer = Caller(app.test_client(), narrow)("POST", "/api/keys", json={"scopes": ["therapists"]})
    assert (answer.status_code, answer.json["code"]) == (403, "scope_missing")


def test_disabled_people_and_strangers_get_no_code(
    app: Flask, admin: Caller, newcomer: UUID, office: Office, resources: Resources
) -> None:
    assert issue(admin, uuid4()).status_code == 404
    assert issue(caller_of(app, resources, office), newcomer).status_code == 403
    code = issue(admin, newcomer).json["code"]
    admin("PATCH", f"/api/therapists/{newcomer}", json={"disabled": True})
    assert issue(admin, newcomer).json["code"] == "therapist_disabled"
    assert redeem(app, code).json["code"] == "therapist_disabled"


def test_every_key_of_a_person_sees_all_that_act_for_them(
    app: Flask, office: Office, resources: Resources
) -> None:
    narrow = caller_of(app, resources, office, {Scope.NOTES_READ})
    caller_of(app, resources, office)
    assert len(narrow("GET", "/api/keys").json) == 2


def test_the_operator_recovers_a_person_whose_keys_are_lost(
    app: Flask, office: Office, resources: Resources
) -> None:
    caller_of(app, resources, office)("GET", "/api/whoami")
    code = local_accounts.recover(resources.settings, office.caller.therapist_id).code
    made = redeem(app, code)
    assert made.status_code == 201
    key = Caller(app.test_client(), made.json["key"])
    assert key("GET", f"/api/patients/{office.patient_id}").status_code == 200
    with pytest.raises(NotFound):
        enrolment.recover(resources, uuid4())
    with everything(resources) as db:
        rows = db.execute(
            text("SELECT actor, action FROM audit_events WHERE action LIKE 'enrolment.%' ORDER BY id")
        ).all()
    assert [tuple(row) for row in rows] == [
        ("server", "enrolment.issue"),
        (f"therapist:{office.caller.therapist_id}", "enrolment.redeem"),
    ]

"""People and keys over HTTP: made, rotated, disabled, and refused in addresses."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import text

from shared.domain.errors import Conflict
from shared.services.access.caller import THERAPIST_SCOPES, Scope
from shared.services.accounts import accounts, people
from shared.services.resources import Resources
from tests.database import everything
from tests.integration.api_client import Caller, caller_of
from tests.servers import Office, make_office


@pytest.fixture
def admin(app: Flask, resources: Resources, office: Office) -> Caller:
    return administrator_of(app, resources, office)


def administrator_of(app: Flask, resources: Resources, office: Office) -> Caller:
    practice_id = office.caller.practice_id
    person = accounts.create_therapist(resources, practice_id, "Office", accounts.ADMINISTRATOR)
    return Caller(app.test_client(), accounts.create_key(resources, practice_id, person.id)[1])


def code_for(admin: Caller, person: str) -> str:
    """An enrolment code that the administrator issues over HTTP."""
    issued = admin("POST", f"/api/therapists/{person}/enrolment-code")
    assert issued.status_code == 201, issued.text
    return str(issued.json["code"])


def redeemed(app: Flask, code: str, **wanted: object) -> Caller:
    """The person's client, with the key that the code was redeemed for."""
    made = app.test_client().post("/api/enrolments", json={"code": code, **wanted})
    assert made.status_code == 201, made.text
    return Caller(app.test_client(), made.json["key"])


def key_for(app: Flask, person: Caller, **wanted: object) -> tuple[str, Caller]:
    """A key that the person makes over HTTP: its id, and a client that sends it."""
    made = person("POST", "/api/keys", json=wanted)
    assert made.status_code == 201, made.text
    return made.json["id"], Caller(app.test_client(), made.json["key"])


@pytest.fixture
def therapist(app: Flask, resources: Resources, office: Office) -> Caller:
    """The office's therapist with a key that may make keys."""
    return caller_of(app, resources, office, THERAPIST_SCOPES | {Scope.KEYS})


def expiry(answer: dict[str, str]) -> datetime:
    return datetime.fromisoformat(answer["expires_at"])


def test_an_administrator_makes_a_therapist_who_can_work(app: Flask, admin: Caller) -> None:
    made = admin("POST", "/api/therapists", json={"name": "Dr. New"})
    assert made.status_code == 201, made.text
    assert (made.json["role"], made.json["disabled_at"]) == ("therapist", None)
    therapist = redeemed(app, code_for(admin, made.json["id"]))
    assert therapist("POST", "/api/patients", json={"name": "Pat"}).status_code == 201
    people = admin("GET", "/api/therapists").json
    assert made.json in people
    assert [person["name"] for person in people] == ["A therapist", "Office", "Dr. New"]


@pytest.mark.parametrize(
    "body", [{}, {"name": ""}, {"name": "x", "role": "owner"}, {"name": "a\x00b"}, {"name": "x" * 101}]
)
def test_a_person_needs_a_name_and_a_known_role(admin: Caller, body: dict[str, str]) -> None:
    assert admin("POST", "/api/therapists", json=body).status_code == 422


def test_no_therapist_manages_people(app: Flask, resources: Resources, office: Office) -> None:
    therapist = caller_of(app, resources, office)
    assert therapist("GET", "/api/therapists").status_code == 403
    assert therapist("POST", "/api/therapists", json={"name": "Me too"}).status_code == 403


def test_another_practices_people_are_as_none(
    app: Flask, admin: Caller, resources: Resources, office: Office
) -> None:
    stranger = make_office(resources)
    for change in ({"disabled": True}, {"name": "Renamed"}):
        for person in (stranger.caller.therapist_id, uuid4()):
            answer = admin("PATCH", f"/api/therapists/{person}", json=change)
            assert (answer.status_code, answer.json["code"]) == (404, "therapist_not_found")
    assert caller_of(app, resources, stranger)("GET", "/api/whoami").status_code == 200


def test_disabling_a_therapist_ends_all_their_keys_at_once(app: Flask, admin: Caller) -> None:
    person = admin("POST", "/api/therapists", json={"name": "New"}).json["id"]
    first = redeemed(app, code_for(admin, person))
    keys = [first, key_for(app, first)[1]]
    path = f"/api/therapists/{person}"
    assert [key("GET", "/api/whoami").status_code for key in keys] == [200, 200]
    assert admin("PATCH", path, json={"disabled": True}).json["disabled_at"] is not None
    assert [key("GET", "/api/whoami").status_code for key in keys] == [401, 401]
    refused = admin("POST", f"/api/therapists/{person}/enrolment-code")
    assert (refused.status_code, refused.json["code"]) == (409, "therapist_disabled")
    assert admin("PATCH", path, json={"disabled": False}).json["disabled_at"] is None
    assert [key("GET", "/api/whoami").status_code for key in keys] == [200, 200]


def test_nobody_disables_themselves(admin: Caller) -> None:
    me = admin("GET", "/api/whoami").json["therapist_id"]
    assert admin("PATCH", f"/api/therapists/{me}", json={"disabled": True}).status_code == 409
    assert admin("PATCH", f"/api/therapists/{me}", json={}).status_code == 422


def test_the_last_administrator_is_not_disabled(resources: Resources, office: Office) -> None:
    practice_id = office.caller.practice_id
    first = accounts.create_therapist(resources, practice_id, "First", accounts.ADMINISTRATOR)
    with pytest.raises(Conflict, match="active administrator"):
        people.change(resources, office.caller, first.id, {"disabled": True})
    accounts.create_therapist(resources, practice_id, "Second", accounts.ADMINISTRATOR)
    assert people.change(resources, office.caller, first.id, {"disabled": True}).disabled_at is not None


def test_an_administrators_key_with_stolen_scopes_still_reads_nothing(
    admin: Caller, resources: Resources
) -> None:
    """The role bounds what a key may do, whatever its row says."""
    with everything(resources) as db:
        db.execute(text("UPDATE api_keys SET scopes = :all"), {"all": [scope.value for scope in Scope]})
    assert admin("GET", "/api/sessions/").status_code == 403
    assert admin("GET", "/api/therapists").status_code == 200


def test_a_rotated_key_works_until_the_overlap_ends(
    app: Flask, admin: Caller, resources: Resources, therapist: Caller
) -> None:
    old_id, old = key_for(app, therapist, label="laptop", scopes=["notes:read"])
    made = therapist("POST", f"/api/keys/{old_id}/rotate", json={"overlap_hours": 2})
    assert made.status_code == 201, made.text
    new = Caller(app.test_client(), made.json["key"])
    assert (made.json["label"], made.json["scopes"]) == ("laptop", ["notes:read"])
    assert made.json["id"] != old_id
    about_90_days = datetime.now(UTC) + timedelta(days=90) - expiry(made.json)
    assert abs(about_90_days) < timedelta(minutes=1)
    listed = {key["id"]: key for key in admin("GET", "/api/keys").json}
    assert abs(expiry(listed[old_id]) - datetime.now(UTC) - timedelta(hours=2)) < timedelta(minutes=1)
    assert not any("key" in key for key in listed.values())
    assert [key("GET", "/api/whoami").status_code for key in (old, new)] == [200, 200]
    with everything(resources) as db:  # two hours later
        db.execute(
            text("UPDATE api_keys SET expires_at = expires_at - interval '2 hours' WHERE id = :id"),
            {"id": UUID(old_id)},
        )
    assert [key("GET", "/api/whoami").status_code for key in (old, new)] == [401, 200]
    again = therapist("POST", f"/api/keys/{old_id}/rotate")
    assert (again.status_code, again.json["code"]) == (409, "key_ended")


def test_a_rotation_without_overlap_ends_the_old_key_at_once(app: Flask, therapist: Caller) -> None:
    old_id, old = key_for(app, therapist)
    assert therapist("POST", f"/api/keys/{old_id}/rotate", json={"overlap_hours": 0}).status_code == 201
    assert old("GET", "/api/whoami").status_code == 401


def test_a_rotation_never_lengthens_the_old_keys_life(app: Flask, admin: Caller, therapist: Caller) -> None:
    old_id, _ = key_for(app, therapist, expires_in_days=1)
    therapist("POST", f"/api/keys/{old_id}/rotate", json={"overlap_hours": 100})
    listed = {key["id"]: key for key in admin("GET", "/api/keys").json}
    assert expiry(listed[old_id]) <= datetime.now(UTC) + timedelta(days=1)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"overlap_hours": -1}, 400),
        ({"overlap_hours": 169}, 400),
        ({"expires_in_days": 0}, 400),
        ({"expires_in_days": 366}, 400),
        ({"overlap_hours": "x"}, 422),
        ({"other": 1}, 422),
    ],
)
def test_the_times_of_a_rotation_have_bounds(
    app: Flask, therapist: Caller, body: dict[str, object], status: int
) -> None:
    key_id, _ = key_for(app, therapist)
    assert therapist("POST", f"/api/keys/{key_id}/rotate", json=body).status_code == status


@pytest.mark.parametrize(("days", "status"), [(1, 201), (365, 201), (366, 400), (0, 400), (None, 422)])
def test_a_key_made_over_http_lasts_a_year_at_most(admin: Caller, days: int | None, status: int) -> None:
    assert admin("POST", "/api/keys", json={"expires_in_days": days}).status_code == status


def test_a_therapist_rotates_their_own_keys_and_gains_no_scope_by_it(
    app: Flask, resources: Resources, admin: Caller, office: Office
) -> None:
    wide = accounts.create_key(resources, office.caller.practice_id, office.caller.therapist_id)[0]
    narrow = caller_of(app, resources, office, {Scope.KEYS})
    refused = narrow("POST", f"/api/keys/{wide.id}/rotate")
    assert (refused.status_code, refused.json["code"]) == (403, "scope_missing")
    mine = next(key["id"] for key in narrow("GET", "/api/keys").json if key["scopes"] == ["keys"])
    assert narrow("POST", f"/api/keys/{mine}/rotate").status_code == 201
    administrators = next(
        key["id"]
        for key in admin("GET", "/api/keys").json
        if key["therapist_id"] != str(office.caller.therapist_id)
    )
    assert narrow("POST", f"/api/keys/{administrators}/rotate").status_code == 404


@pytest.mark.parametrize("path", ["/api/whoami", "/api/sessions/", "/healthz", "/nowhere"])
def test_a_key_in_an_address_is_refused_and_not_repeated(
    app: Flask, resources: Resources, office: Office, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    call = caller_of(app, resources, office)
    secret = str(call.key)
    for query in (
        {"x": secret},
        {"x": f"Bearer {secret}"},
        {secret: ""},
        {"api_key": "x"},
        {"Access_Token": ""},
    ):
        for caller in (call, Caller(app.test_client(), None)):
            answer = caller("GET", path, query_string=query)
            assert (answer.status_code, answer.json["code"]) == (400, "key_in_url")
            assert secret not in answer.text
    output = capsys.readouterr()
    assert "key_in_url" in output.out + output.err
    assert secret not in output.out + output.err


def test_managing_people_and_keys_is_in_the_audit_trail(
    app: Flask, admin: Caller, resources: Resources
) -> None:
    person = admin("POST", "/api/therapists", json={"name": "New"}).json["id"]
    therapist = redeemed(app, code_for(admin, person))
    key_id, _ = key_for(app, therapist)
    therapist("POST", f"/api/keys/{key_id}/rotate")
    admin("PATCH", f"/api/therapists/{person}", json={"disabled": True, "name": "Newer"})
    admin("PATCH", f"/api/therapists/{person}", json={"disabled": False})
    with everything(resources) as db:
        lines = db.execute(
            text("SELECT actor, action FROM audit_events WHERE subject_id IN (:p, :k) ORDER BY id"),
            {"p": UUID(person), "k": UUID(key_id)},
        ).all()
    assert [(line.actor.partition(":")[0], line.action) for line in lines] == [
        ("administrator", "therapist.create"),
        ("administrator", "enrolment.issue"),
        ("therapist", "enrolment.redeem"),
        ("therapist", "key.create"),
        ("therapist", "key.rotate"),
        ("administrator", "therapist.rename"),
        ("administrator", "therapist.disable"),
        ("administrator", "therapist.enable"),
    ]

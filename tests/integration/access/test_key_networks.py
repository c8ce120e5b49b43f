"""A key that is tied to networks is taken from no other address."""

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from shared.services.access.caller import Scope
from shared.services.accounts import accounts, enrolment
from shared.services.resources import Resources
from tests.servers import Office


@pytest.fixture
def own_key(resources: Resources, office: Office) -> str:
    """A key that makes further keys."""
    scopes = [Scope.KEYS, Scope.SESSIONS_READ]
    practice_id, person = office.caller.practice_id, office.caller.therapist_id
    return accounts.create_key(resources, practice_id, person, scopes)[1]


def ask(
    app: Flask, key: str, address: str, path: str = "/api/whoami", method: str = "GET", **body: object
) -> TestResponse:
    return app.test_client().open(
        path,
        method=method,
        headers={"Authorization": f"Bearer {key}"},
        environ_base={"REMOTE_ADDR": address},
        **({"json": body} if body else {}),
    )


def make(app: Flask, own_key: str, *networks: str) -> TestResponse:
    return ask(app, own_key, "192.0.2.1", "/api/keys", "POST", networks=networks, scopes=["sessions:read"])


@pytest.mark.parametrize(
    ("network", "inside", "outside"),
    [
        ("192.0.2.0/24", "192.0.2.77", "192.0.3.1"),
        ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
        ("192.0.2.0/24", "::ffff:192.0.2.7", "2001:db8::1"),
        ("2001:db8:0:1::/64", "2001:db8:0:1::5", "2001:db8:0:2::5"),
        ("2001:db8::/32", "2001:db8:5::1", "192.0.2.1"),
    ],
)
def test_a_key_is_taken_from_its_networks_alone(
    app: Flask, own_key: str, network: str, inside: str, outside: str
) -> None:
    made = make(app, own_key, network)
    assert made.status_code == 201, made.text
    assert ask(app, made.json["key"], inside).status_code == 200
    refused = ask(app, made.json["key"], outside)
    assert (refused.status_code, refused.json["code"]) == (401, "not_authenticated")
    unknown = ask(app, "ssk_unknown", outside)
    assert refused.json["detail"] == unknown.json["detail"], "a thief learns that the key is good"


def test_networks_are_kept_as_they_are_meant_and_shown(app: Flask, own_key: str) -> None:
    made = make(app, own_key, "192.0.2.9/24", "192.0.2.0/24", "2001:DB8::/48")
    assert made.json["networks"] == ["192.0.2.0/24", "2001:db8::/48"]
    (shown,) = [
        key for key in ask(app, own_key, "192.0.2.1", "/api/keys").json if key["id"] == made.json["id"]
    ]
    assert shown["networks"] == made.json["networks"]


@pytest.mark.parametrize("wrong", ["office", "192.0.2.0/33", "2001:db8::1/128", "2001:db8::/65", ""])
def test_what_is_no_network_is_refused(app: Flask, own_key: str, wrong: str) -> None:
    answer = make(app, own_key, "192.0.2.0/24", wrong)
    assert answer.status_code in (400, 422), answer.text
    before = ask(app, own_key, "192.0.2.1", "/api/keys").json
    assert [key["networks"] for key in before if key["networks"]] == []


def test_a_key_in_the_place_of_another_has_its_networks(
    app: Flask, resources: Resources, own_key: str
) -> None:
    tied = ask(
        app, own_key, "192.0.2.1", "/api/keys", "POST", networks=["192.0.2.0/24"], scopes=["keys"]
    ).json  # fmt: skip
    rotated = ask(app, tied["key"], "192.0.2.1", f"/api/keys/{tied['id']}/rotate", "POST", overlap_hours=0)
    assert rotated.status_code == 201, rotated.text
    assert rotated.json["networks"] == ["192.0.2.0/24"]
    assert ask(app, rotated.json["key"], "198.51.100.1").status_code == 401


def test_a_first_key_can_be_tied_to_networks(app: Flask, resources: Resources, office: Office) -> None:
    person = accounts.create_therapist(resources, office.caller.practice_id, "Dr. New")
    code = enrolment.issue_on_server(resources, office.caller.practice_id, person.id).code
    made = app.test_client().post("/api/enrolments", json={"code": code, "networks": ["192.0.2.0/24"]})
    assert made.status_code == 201, made.text
    assert ask(app, made.json["key"], "192.0.2.1").status_code == 200
    assert ask(app, made.json["key"], "198.51.100.1").status_code == 401


def test_a_tied_key_makes_and_rotates_only_keys_that_are_tied_as_it_is(
    app: Flask, resources: Resources, office: Office
) -> None:
    practice_id, person = office.caller.practice_id, office.caller.therapist_id
    scopes = [Scope.KEYS, Scope.SESSIONS_READ]

    def created(networks: list[str] | None) -> tuple[str, str]:
        row, secret = accounts.create_key(resources, practice_id, person, scopes, networks=networks)
        return str(row.id), secret

    _, tied = created(["192.0.2.0/24"])
    for wider in ((), ("192.0.0.0/16",), ("192.0.2.0/25", "2001:db8::/48")):
        body = {"networks": list(wider)} if wider else {}
        refused = ask(app, tied, "192.0.2.1", "/api/keys", "POST", scopes=["sessions:read"], **body)
        assert (refused.status_code, refused.json["code"]) == (403, "networks_wider")
    assert make(app, tied, "192.0.2.0/25", "192.0.2.200").status_code == 201
    for networks, status in ((None, 403), (["192.0.2.0/28"], 201)):
        other, _ = created(networks)
        rotated = ask(app, tied, "192.0.2.1", f"/api/keys/{other}/rotate", "POST", overlap_hours=0)
        assert rotated.status_code == status, rotated.text

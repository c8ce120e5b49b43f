"""Who may call what: keys, scopes, policies, and what others' records look like."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from api import auth
from shared.domain.errors import NotAuthenticated
from shared.services.access.caller import ADMINISTRATOR_SCOPES, ON_REQUEST_SCOPES, THERAPIST_SCOPES, Scope
from shared.services.accounts import accounts, authentication, enrolment
from shared.services.accounts.enrolment import WantedKey
from shared.services.accounts.first_accounts import bootstrap
from shared.services.resources import Resources
from tests.database import everything
from tests.integration.api_client import Caller, caller_of
from tests.servers import Office, make_office

PUBLIC = {
    "health.healthz",
    "health.readyz",
    "docs.openapi",
    "docs.page",
    "docs.openapi_for_the_page",
    "docs.start",
    "docs.asset",
    "keys.redeem",  # the code is the credential
    "uploads.describe",  # what tus clients ask before they have a key
    "health.metrics",  # asks for a token of its own
    "static_files.file",
    "sign_in.form",
    "sign_in.sign_in",
    "invited.first_form",
    "invited.first",
    "invited.form",
    "invited.accept",
    "passkeys.challenge",
    "passkeys.sign_in",
    "provider.start",
    "provider.back",
    "provider.signed_out_there",
}


@pytest.fixture
def call(app: Flask, resources: Resources, office: Office) -> Caller:
    return caller_of(app, resources, office, THERAPIST_SCOPES | ON_REQUEST_SCOPES)


def same(one: TestResponse, other: TestResponse) -> bool:
    """Whether two answers differ in nothing but the request id."""
    headers = [
        {key: value for key, value in answer.headers if key != "X-Request-Id"} for answer in (one, other)
    ]
    bodies = [{**answer.json, "request_id": ""} for answer in (one, other)]
    return one.status_code == other.status_code and headers[0] == headers[1] and bodies[0] == bodies[1]


# What gets a call about a session past its schema, by its method and the end of its path.
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("PUT", "notes"): {"json": {"extracted_notes": {}}, "headers": {"If-Match": "*"}},
    ("POST", "render"): {"json": {"template": "soap"}},
    ("PUT", "process-notes"): {"json": {"text": "Mine now"}, "headers": {"If-Match": "*"}},
    ("PUT", "speakers"): {"json": {"speakers": [{"label": "Speaker 1", "role": "therapist"}]}},
    ("PUT", "corrections"): {"json": {"corrections": [{"segment": 0, "was": "A.", "text": "B."}]}},
    ("POST", "off-the-record"): {"json": {"ranges": [{"start": 0, "end": 1}]}},
    ("POST", "accept"): {"json": {"version": 1}},
    ("POST", "dismiss"): {"json": {"version": 1}},
    ("POST", "addenda"): {"json": {"text": "Mine now"}},
    ("POST", "consents"): {"json": {"event": "given", "scopes": ["recording"], "method": "verbal"}},
    ("POST", "participants"): {"json": {"name": "Mine now"}},
    ("POST", "requests"): {"json": {"kind": "access", "words": "All of it."}},
    ("PUT", "unsaved"): {"json": {"tag": "any", "fields": {"summary": "Mine now"}}},
    ("PUT", "retention"): {"json": {"birth_year": 1990, "keep_until": None}},
    ("PUT", "part2"): {"json": {"is_part2": True}},
    ("POST", "disclosures"): {"json": {"recipient": "A", "what": "B", "purpose": "payment"}},
    ("POST", "decision"): {"json": {"status": "denied", "answer": "Not Mine"}},
    ("POST", "packages"): {"json": {"password": "twenty-characters-at-least"}},
    ("POST", "consent-heard"): {"json": {"start": 1.0}},
    ("PUT", "supervision"): {"json": {"granted": False}},
}


def every_call(app: Flask) -> list[tuple[str, str, str]]:
    """Endpoint, method and a path for each route, with a random id where one is wanted."""
    calls = []
    for rule in app.url_map.iter_rules():
        path = rule.rule
        for argument in rule.arguments:
            path = path.replace(f"<id:{argument}>", str(uuid4())).replace(f"<path:{argument}>", "site.css")
            path = path.replace(f"<int:{argument}>", "1").replace(f"<{argument}>", "start.js")
        calls += [(rule.endpoint, method, path) for method in sorted(rule.methods or ())]
    return calls


def test_every_route_declares_a_policy_and_only_these_are_public(app: Flask) -> None:
    policies = {rule.endpoint: auth.policy_of(app, rule.endpoint) for rule in app.url_map.iter_rules()}
    assert None not in policies.values()
    assert {endpoint for endpoint, policy in policies.items() if policy and policy.public} == PUBLIC


def test_an_application_with_an_undeclared_route_does_not_start(app: Flask) -> None:
    app.add_url_rule("/forgotten", "forgotten", lambda: "x")
    with pytest.raises(RuntimeError, match="forgotten"):
        auth.require_policies(app)


def test_nothing_but_the_public_routes_answers_without_a_key(app: Flask) -> None:
    anonymous = Caller(app.test_client(), None)
    for endpoint, method, path in every_call(app):
        answer = anonymous(method, path)
        policy = auth.policy_of(app, endpoint)
        if policy is not None and policy.page and not policy.public:
            assert answer.status_code == 303, (method, path)
            assert answer.headers["Location"].startswith("/sign-in")
        elif endpoint not in PUBLIC:
            assert answer.status_code == 401, (method, path)
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_key_opens_no_page(app: Flask, call: Caller) -> None:
    pages = [
        (method, path)
        for endpoint, method, path in every_call(app)
        if (policy := auth.policy_of(app, endpoint)) is not None and policy.page and not policy.public
    ]
    assert len(pages) >= 5
    assert {call(method, path).status_code for method, path in pages} == {303}


def test_no_route_answers_a_key_without_its_scope(app: Flask, resources: Resources, office: Office) -> None:
    for endpoint, method, path in every_call(app):
        policy = auth.policy_of(app, endpoint)
        if policy is None or policy.scope is None or policy.page:
            continue
        others = (THERAPIST_SCOPES | ON_REQUEST_SCOPES) - {policy.scope}
        answer = caller_of(app, resources, office, others)(method, path)
        assert answer.status_code == 403, (method, path)


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer x", "Basic ssk_a_b", "Bearer ssk_000000000000_" + "0" * 38, "Bearer \u00e9"],
)
def test_bad_credentials_are_all_refused_alike(app: Flask, header: str) -> None:
    answer = app.test_client().get("/api/whoami", headers={"Authorization": header})
    assert (answer.status_code, answer.json["code"]) == (401, "not_authenticated")


def test_a_mistyped_key_is_known_without_the_database(
    call: Caller, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert call.key is not None
    last = "a" if call.key[-1] != "a" else "b"
    for way in ("transaction", "operating"):
        monkeypatch.setattr(type(resources.database), way, None)  # any use of it would raise TypeError
    with pytest.raises(NotAuthenticated):
        authentication.authenticate(resources, call.key[:-1] + last)


def test_a_key_with_another_secret_is_refused(app: Flask, resources: Resources, call: Caller) -> None:
    assert call.key is not None
    with everything(resources) as db:
        db.execute(text("UPDATE api_keys SET digest = sha256('other')"))
    assert call("GET", "/api/whoami").status_code == 401


def test_a_revoked_key_is_refused_from_the_next_request_on(
    call: Caller, app: Flask, resources: Resources
) -> None:
    made = call("POST", "/api/keys", json={"label": "laptop", "scopes": ["sessions:read"]})
    assert made.status_code == 201, made.text
    other = Caller(app.test_client(), made.json["key"])
    assert other("GET", "/api/sessions/").status_code == 200
    assert call("DELETE", f"/api/keys/{made.json['id']}").status_code == 204
    assert other("GET", "/api/sessions/").status_code == 401


def test_an_expired_key_is_refused(call: Caller, resources: Resources) -> None:
    assert call("GET", "/api/whoami").status_code == 200
    with everything(resources) as db:
        db.execute(text("UPDATE api_keys SET expires_at = now() - interval '1 second'"))
    assert call("GET", "/api/whoami").status_code == 401


def test_only_a_hash_of_a_key_is_stored(call: Caller, resources: Resources) -> None:
    assert call.key is not None
    with everything(resources) as db:
        row = str(db.execute(text("SELECT *, encode(digest, 'escape') FROM api_keys")).all())
    assert call.key.rpartition("_")[2] not in row


def test_the_last_use_is_noted_at_most_once_a_minute(call: Caller, resources: Resources) -> None:
    def last_used() -> object:
        with everything(resources) as db:
            return db.execute(text("SELECT last_used_at FROM api_keys")).scalar_one()

    assert last_used() is None
    call("GET", "/api/whoami")
    first = last_used()
    call("GET", "/api/whoami")
    assert first is not None
    assert last_used() == first
    with everything(resources) as db:
        db.execute(text("UPDATE api_keys SET last_used_at = :at"), {"at": first - timedelta(minutes=2)})
    call("GET", "/api/whoami")
    assert last_used() > first


def test_a_therapist_manages_no_keys_but_their_own(
    call: Caller, app: Flask, resources: Resources, office: Office
) -> None:
    colleague = accounts.create_therapist(resources, office.caller.practice_id, "Colleague")
    theirs, _ = accounts.create_key(resources, office.caller.practice_id, colleague.id)
    assert call("POST", "/api/keys", json={"therapist_id": str(colleague.id)}).status_code == 403
    assert same(call("DELETE", f"/api/keys/{theirs.id}"), call("DELETE", f"/api/keys/{uuid4()}"))
    assert str(theirs.id) not in call("GET", "/api/keys").text


def test_a_key_cannot_give_scopes_that_it_lacks(app: Flask, resources: Resources, office: Office) -> None:
    narrow = caller_of(app, resources, office, {Scope.KEYS})
    answer = narrow("POST", "/api/keys", json={"scopes": ["notes:read"]})
    assert (answer.status_code, answer.json["code"]) == (403, "scope_missing")


def test_an_administrator_makes_no_keys_for_others_and_reads_no_content(
    app: Flask, resources: Resources, office: Office
) -> None:
    practice_id = office.caller.practice_id
    administrator = accounts.create_therapist(resources, practice_id, "Office", accounts.ADMINISTRATOR)
    _, key = accounts.create_key(resources, practice_id, administrator.id)
    admin = Caller(app.test_client(), key)
    theirs = accounts.create_key(resources, practice_id, office.caller.therapist_id)[0]
    elsewhere = make_office(resources).caller.therapist_id
    for other in (office.caller.therapist_id, elsewhere):
        made = admin("POST", "/api/keys", json={"therapist_id": str(other)})
        assert (made.status_code, made.json["code"]) == (403, "not_your_key")
    rotated = admin("POST", f"/api/keys/{theirs.id}/rotate")
    assert (rotated.status_code, rotated.json["code"]) == (403, "not_your_key")
    assert admin("GET", "/api/sessions/").status_code == 403
    assert admin("POST", "/api/keys", json={"scopes": ["notes:read"]}).status_code == 400


def test_others_records_look_exactly_like_none(call: Caller, app: Flask, resources: Resources) -> None:
    neighbour = make_office(resources)
    session_id = caller_of(app, resources, neighbour).upload(neighbour.patient_id).json["id"]
    calls = [(m, p) for _, m, p in every_call(app) if "/api/sessions/" in p or "/api/patients/" in p]
    tried = 0
    for method, path in calls:
        *_, last = path.split("/")
        ids = [part for part in path.split("/") if len(part) == 36]
        if not ids or method == "HEAD":
            continue
        theirs = str(neighbour.patient_id) if "/patients/" in path else session_id
        usual = {"POST": {"json": {}}, "PATCH": {"json": {"name": "Mine now"}}}
        body = BODIES.get((method, last), usual.get(method, {}))
        found = call(method, path.replace(ids[0], theirs), **body)
        none = call(method, path, **body)
        assert none.status_code == 404, (method, path, last)
        assert same(found, none), (method, path)
        tried += 1
    assert tried >= 8


def test_lists_hold_nothing_of_others(call: Caller, app: Flask, resources: Resources) -> None:
    neighbour = make_office(resources)
    caller_of(app, resources, neighbour).upload(neighbour.patient_id)
    assert call("GET", "/api/sessions/").json == []
    assert call("GET", "/api/sessions/", query_string={"patient_id": str(neighbour.patient_id)}).json == []
    assert str(neighbour.patient_id) not in call("GET", "/api/patients").text


@pytest.mark.parametrize("path", ["/api/sessions/nonsense", "/api/patients/1", "/api/sessions/{%7B}/notes"])
def test_a_malformed_id_is_a_422_that_does_not_repeat_it(call: Caller, path: str) -> None:
    answer = call("GET", path)
    assert (answer.status_code, answer.json["code"]) == (422, "malformed_id")
    assert "nonsense" not in answer.text


def test_bootstrap_makes_everything_once(resources: Resources) -> None:
    first = bootstrap(resources, "Elm Street")
    again = bootstrap(resources, "Elm Street")
    assert (again.practice_id, again.therapist_id) == (first.practice_id, first.therapist_id)
    assert again.administrator_enrolment is again.therapist_enrolment is None
    assert first.administrator_enrolment is not None
    assert first.therapist_enrolment is not None
    assert first.therapist_enrolment not in repr(first)
    for code, scopes in (
        (first.administrator_enrolment, ADMINISTRATOR_SCOPES),
        (first.therapist_enrolment, THERAPIST_SCOPES | {Scope.KEYS}),
    ):
        _, secret = enrolment.redeem(resources, code, WantedKey())
        assert authentication.authenticate(resources, secret).scopes == scopes


def test_every_read_and_change_of_a_record_is_in_the_audit_trail(
    call: Caller, resources: Resources, office: Office
) -> None:
    session_id = call.upload(office.patient_id).json["id"]
    call("GET", f"/api/sessions/{session_id}", headers={"X-Request-Id": "request-0001"})
    call("GET", f"/api/patients/{office.patient_id}")
    call("PATCH", f"/api/patients/{office.patient_id}", json={"name": "New"})
    with everything(resources) as db:
        rows = db.execute(
            text("SELECT action, actor, request_id FROM audit_events WHERE subject_id IN (:s, :p)"),
            {"s": UUID(session_id), "p": office.patient_id},
        ).all()
    assert {row.action for row in rows} >= {
        "session.upload",
        "session.read",
        "patient.read",
        "patient.change",
    }
    assert {row.actor for row in rows} == {f"therapist:{office.caller.therapist_id}"}
    assert "request-0001" in {row.request_id for row in rows if row.action == "session.read"}
    assert all(row.request_id for row in rows)

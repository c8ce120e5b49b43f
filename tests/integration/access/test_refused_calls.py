"""Refused calls are in the audit trail, with key and address, and no attacker fills it."""

from typing import Any
from uuid import uuid4

import pytest
import structlog
from flask import Flask
from sqlalchemy import text
from structlog.testing import capture_logs

from shared.db.connection.engine import DatabaseError
from shared.db.queries.privacy import audit
from shared.domain.errors import Unavailable
from shared.http import rate_limits
from shared.services.access import refusals
from shared.services.access.caller import Scope
from shared.services.accounts import accounts, credentials
from shared.services.resources import Resources
from tests.database import everything
from tests.integration.api_client import Caller, caller_of
from tests.servers import Office, make_office

ADDRESS = "198.51.100.7"


def call(app: Flask, key: str | None, path: str, **options: Any) -> int:
    environment = {"REMOTE_ADDR": ADDRESS}
    return Caller(app.test_client(), key)("GET", path, environ_base=environment, **options).status_code


def trail(resources: Resources, *, refused: bool = True) -> list[Any]:
    query = "SELECT * FROM audit_events WHERE action LIKE 'refused.%' = :refused ORDER BY id"
    with everything(resources) as db:
        return list(db.execute(text(query), {"refused": refused}).all())


def test_every_line_says_which_key_was_used_and_from_where(
    app: Flask, resources: Resources, office: Office
) -> None:
    key, secret = accounts.create_key(resources, office.caller.practice_id, office.caller.therapist_id)
    assert call(app, secret, f"/api/patients/{office.patient_id}") == 200
    assert call(app, secret, "/api/keys") == 200
    rows = [row for row in trail(resources, refused=False) if row.action in ("patient.read", "key.list")]
    assert [(row.key_id, row.address) for row in rows] == [(key.id, ADDRESS)] * 2


def test_a_missing_scope_and_a_record_of_others_are_in_the_trail(
    app: Flask, resources: Resources, office: Office
) -> None:
    narrow, secret = accounts.create_key(
        resources, office.caller.practice_id, office.caller.therapist_id, {Scope.PATIENTS_READ}
    )
    theirs, session = make_office(resources).patient_id, uuid4()
    assert call(app, secret, f"/api/patients/{theirs}") == 404
    assert call(app, secret, f"/api/sessions/{session}") == 403
    found = [(row.action, row.subject_id, row.code, row.actor) for row in trail(resources)]
    me = office.caller.actor
    assert found == [
        ("refused.patients.show", theirs, "patient_not_found", me),
        ("refused.sessions.show", session, "scope_missing", me),
    ]
    assert {(row.practice_id, row.key_id, row.address) for row in trail(resources)} == {
        (office.caller.practice_id, narrow.id, ADDRESS)
    }


@pytest.mark.parametrize(
    "how", ["key_revoked", "key_expired", "key_from_elsewhere", "person_disabled", "key_wrong_secret"]
)
def test_a_key_that_has_ended_is_in_its_practices_trail(
    app: Flask, resources: Resources, office: Office, how: str
) -> None:
    key, secret = accounts.create_key(resources, office.caller.practice_id, office.caller.therapist_id)
    change = {
        "key_revoked": "UPDATE api_keys SET revoked_at = now()",
        "key_expired": "UPDATE api_keys SET expires_at = now()",
        "key_from_elsewhere": "UPDATE api_keys SET networks = ARRAY['203.0.113.0/24']",
        "person_disabled": "UPDATE therapists SET disabled_at = now()",
        "key_wrong_secret": "UPDATE api_keys SET digest = sha256('another')",
    }
    with everything(resources) as db:
        db.execute(text(change[how]))
    assert call(app, secret, "/api/whoami") == 401
    (row,) = trail(resources)
    assert (row.practice_id, row.key_id, row.code) == (office.caller.practice_id, key.id, how)
    assert (row.actor, row.action, row.address) == ("unknown", "refused.keys.whoami", ADDRESS)


def test_calls_without_a_known_key_are_in_the_trail_of_no_practice(app: Flask, resources: Resources) -> None:
    keys = (None, "nonsense", credentials.mint().secret)
    assert [call(app, key, "/api/whoami") for key in keys] == [401, 401, 401]
    rows = trail(resources)
    assert [row.code for row in rows] == ["not_authenticated", "key_malformed", "key_unknown"]
    assert {(row.practice_id, row.key_id) for row in rows} == {(None, None)}


def test_a_key_in_an_address_is_in_its_practices_trail(
    app: Flask, resources: Resources, office: Office
) -> None:
    key, secret = accounts.create_key(resources, office.caller.practice_id, office.caller.therapist_id)
    assert call(app, None, "/healthz", query_string={"x": secret}) == 400
    assert call(app, None, "/healthz", query_string={"api_key": "x"}) == 400
    rows = [(row.practice_id, row.key_id, row.code) for row in trail(resources)]
    assert rows == [(office.caller.practice_id, key.id, "key_in_url"), (None, None, "key_in_url")]


def test_neither_one_address_nor_many_fill_the_trail(
    app: Flask, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(rate_limits.REFUSALS, False, rate_limits.parse("3 per hour"))
    monkeypatch.setattr(rate_limits, "REFUSALS_WITHOUT_KEY", rate_limits.parse("5 per hour"))
    for last in range(4):
        for _ in range(4):
            environment = {"REMOTE_ADDR": f"198.51.100.{last}"}
            app.test_client().get("/api/whoami", environ_base=environment)
    rows = trail(resources)
    assert [row.address for row in rows] == ["198.51.100.0"] * 3 + ["198.51.100.1"] * 2
    assert [row.action.endswith("further_ones_not_recorded") for row in rows] == [
        False,
        False,
        True,
        False,
        True,
    ]


def test_no_person_fills_the_trail(
    app: Flask, resources: Resources, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(rate_limits.REFUSALS, True, rate_limits.parse("3 per hour"))
    for _ in range(5):
        assert caller_of(app, resources, office)("GET", f"/api/patients/{uuid4()}").status_code == 404
    assert len(trail(resources)) == 3


def test_a_refusal_is_answered_though_the_trail_cannot_be_written(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise Unavailable("away", "database_unavailable")

    monkeypatch.setattr(refusals, "record", away)
    # A logger keeps the configuration of its first line, which may be that of a command in another test.
    monkeypatch.setattr("shared.http.refusals.log", structlog.get_logger())
    with capture_logs() as lines:
        assert call(app, None, "/api/whoami") == 401
    assert "refusal_not_recorded" in [line["event"] for line in lines]


def test_no_practice_sees_calls_without_a_known_key(app: Flask, resources: Resources, office: Office) -> None:
    assert call(app, None, "/api/whoami") == 401
    assert len(trail(resources)) == 1
    with resources.database.transaction(office.caller.practice_id) as db:
        assert db.scalar(text("SELECT count(*) FROM audit_events")) == 0


def test_the_operator_writes_no_line_of_a_practice(resources: Resources, office: Office) -> None:
    with pytest.raises(DatabaseError, match="42501"), resources.database.operating() as db:
        audit.record(db, practice_id=office.caller.practice_id, actor="x", action="x")

"""Limits on uploads, and what is answered while Redis or Postgres is away."""

import dataclasses

import pytest

from shared.queue import WorkQueue, make_app
from shared.services.resources import Resources
from tests.integration.api_client import Caller, app_of, caller_of
from tests.servers import Office


def limited(resources: Resources, **limits: int) -> Resources:
    return dataclasses.replace(resources, settings=dataclasses.replace(resources.settings, **limits))


def test_only_accepted_uploads_count_against_the_limit(resources: Resources, office: Office) -> None:
    few = limited(resources, uploads_per_hour=2)
    call = caller_of(app_of(few), few, office)
    for _ in range(3):
        assert call.upload(office.patient_id, b"").status_code == 400
    assert call.upload(office.patient_id).headers["RateLimit-Remaining"] == "1"
    assert call.upload(office.patient_id).status_code == 202
    refused = call.upload(office.patient_id)
    assert (refused.status_code, refused.json["code"]) == (429, "rate_limited")
    assert refused.content_type == "application/problem+json"
    assert 3500 <= int(refused.headers["Retry-After"]) <= 3600
    assert refused.headers["RateLimit-Limit"] == "2"
    assert refused.headers["RateLimit-Remaining"] == "0"
    assert "Retry-After" not in call("GET", "/api/sessions/").headers


def test_a_second_key_of_the_same_person_shares_the_limit(resources: Resources, office: Office) -> None:
    few = limited(resources, uploads_per_hour=1)
    app = app_of(few)
    assert caller_of(app, few, office).upload(office.patient_id).status_code == 202
    assert caller_of(app, few, office).upload(office.patient_id).status_code == 429


def test_every_attempt_counts_against_the_looser_limit(resources: Resources, office: Office) -> None:
    few = limited(resources, attempts_per_hour=2)
    call = caller_of(app_of(few), few, office)
    statuses = [call.upload(office.patient_id, b"").status_code for _ in range(3)]
    assert statuses == [400, 400, 429]


def test_limits_hold_while_redis_is_away(resources: Resources, office: Office) -> None:
    gone = "redis://127.0.0.1:1/0"
    few = dataclasses.replace(
        limited(resources, uploads_per_hour=1, redis_url=gone),  # type: ignore[arg-type]  # settings of any type
        queue=WorkQueue(make_app(gone, socket_timeout=1)),
    )
    call = caller_of(app_of(few), few, office)
    assert [call.upload(office.patient_id).status_code for _ in range(2)] == [202, 429]


def test_readiness_names_what_is_down(resources: Resources, tmp_path_factory: pytest.TempPathFactory) -> None:
    ready = app_of(resources).test_client().get("/readyz")
    assert (ready.status_code, ready.json["status"]) == (200, "ready")
    without_broker = limited(resources, redis_url="redis://127.0.0.1:1/0")  # type: ignore[arg-type]  # the same
    degraded = app_of(without_broker).test_client().get("/readyz")
    assert (degraded.status_code, degraded.json["status"]) == (200, "degraded")
    assert degraded.json["checks"] == {"database": "up", "storage": "up", "broker": "down", "keys": "up"}


def test_the_database_away_is_a_503(resources: Resources, office: Office) -> None:
    from shared.db.connection.engine import Database

    call = caller_of(app_of(resources), resources, office)
    away = Database("postgresql://nobody@127.0.0.1:1/none")
    app = app_of(dataclasses.replace(resources, database=away))
    assert app.test_client().get("/readyz").status_code == 503
    answer = Caller(app.test_client(), call.key)("GET", "/api/sessions/")
    assert (answer.status_code, answer.json["code"]) == (503, "database_unavailable")
    assert answer.headers["Retry-After"]
    away.close()

"""Idempotency-Key: whatever overlaps, dies or is repeated, one key makes one thing."""

import dataclasses
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update
from werkzeug.test import TestResponse

from shared.db.tables.requests import IdempotencyKey
from shared.domain.ports import ByteSource
from shared.domain.status import Status
from shared.domain.values import MediaFacts
from shared.services import idempotency
from shared.services.access.caller import Scope
from shared.services.resources import Resources
from tests.database import everything
from tests.fakes.media import FakeDecoder
from tests.integration.api_client import Caller, app_of, caller_of, form, left_behind, tone
from tests.integration.sessions import bench_with, row, work
from tests.servers import Office, make_office
from tests.waiting import wait_for

KEY = {"Idempotency-Key": "a-key-of-mine"}


def send(
    call: Caller,
    patient_id: UUID,
    content: bytes | None = None,
    headers: dict[str, str] = KEY,
    name: str = "a.wav",
    **fields: str,
) -> TestResponse:
    """One upload under a key."""
    parts = [(key, value.encode(), None, None) for key, value in fields.items()]
    file = ("file", tone() if content is None else content, name, "audio/wav")
    query = {"patient_id": str(patient_id)}
    return call("POST", "/api/sessions/upload", query_string=query, headers=headers, **form([*parts, file]))


def count(resources: Resources, table: str) -> int:
    with everything(resources) as db:
        return int(db.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def lapse(resources: Resources, column: str = "lease_until") -> None:
    """Let the time of every key's lease (or of the key itself) be over."""
    with everything(resources) as db:
        db.execute(update(IdempotencyKey).values({column: func.now() - timedelta(seconds=1)}))


def test_twenty_threads_with_one_key_make_one_session(resources: Resources, office: Office) -> None:
    settings = dataclasses.replace(resources.settings, attempts_per_hour=100_000)
    many = dataclasses.replace(resources, settings=settings)
    app = app_of(many)
    key = caller_of(app, many, office).key

    def until_answered(_: int) -> list[TestResponse]:
        answers = [send(Caller(app.test_client(), key), office.patient_id)]
        wait_for(lambda: answers[-1].status_code != 409 or answers.append(again()))
        return answers

    def again() -> TestResponse:
        return send(Caller(app.test_client(), key), office.patient_id)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(until_answered, range(20)))
    last = [one[-1] for one in answers]
    assert {answer.status_code for answer in last} == {202}, {a.text for a in last if a.status_code != 202}
    assert len({answer.json["id"] for answer in last}) == 1
    assert sum("Idempotent-Replayed" not in answer.headers for answer in last) == 1
    busy = [answer for one in answers for answer in one[:-1]]
    assert all(answer.headers["Retry-After"] == "2" for answer in busy)
    assert (count(resources, "sessions"), len(left_behind(resources))) == (1, 2)  # an object and its key


def test_a_repetition_gives_the_first_answer(call: Caller, office: Office, resources: Resources) -> None:
    first, second = (send(call, office.patient_id, language="en") for _ in range(2))
    assert (second.status_code, second.json) == (first.status_code, first.json)
    assert second.headers["Location"] == first.headers["Location"]
    assert second.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert count(resources, "sessions") == 1


def test_a_repetition_costs_nothing_of_the_limit(resources: Resources, office: Office) -> None:
    settings = dataclasses.replace(resources.settings, uploads_per_hour=1)
    few = dataclasses.replace(resources, settings=settings)
    call = caller_of(app_of(few), few, office)
    assert [send(call, office.patient_id).status_code for _ in range(3)] == [202, 202, 202]
    assert send(call, office.patient_id, headers={}).status_code == 429


def test_a_repetition_is_answered_though_consent_was_revoked(
    call: Caller, resources: Resources, office: Office
) -> None:
    send(call, office.patient_id)
    with everything(resources) as db:
        db.execute(text("UPDATE patients SET consent_revoked_at = now()"))
    assert send(call, office.patient_id).status_code == 202
    assert send(call, office.patient_id, headers={}).status_code == 409


OTHER_REQUESTS: dict[str, dict] = {
    "another file": {"content": tone(2)},
    "another field": {"speakers": "3"},
    "another name": {"name": "b.wav"},
}


@pytest.mark.parametrize("other", OTHER_REQUESTS.values(), ids=OTHER_REQUESTS.keys())
def test_a_key_does_not_serve_two_requests(
    call: Caller, resources: Resources, office: Office, other: dict
) -> None:
    send(call, office.patient_id)
    answer = send(call, office.patient_id, **other)
    assert (answer.status_code, answer.json["code"]) == (422, "idempotency_key_reused")
    assert count(resources, "sessions") == 1


def test_a_key_belongs_to_its_caller_and_its_route(call: Caller, app: Flask, resources: Resources) -> None:
    other = make_office(resources)
    body = {"name": "A. Patient"}
    first = call("POST", "/api/patients", json=body, headers=KEY)
    second = caller_of(app, resources, other)("POST", "/api/patients", json=body, headers=KEY)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json["id"] != second.json["id"]
    assert send(call, UUID(first.json["id"])).json["code"] == "no_consent"


@pytest.mark.parametrize(
    "refused", [{"content": b"just words. " * 200}, {"speakers": "many"}, {"name": "a.exe"}]
)
def test_a_refused_request_leaves_its_key_free(
    call: Caller, resources: Resources, office: Office, refused: dict
) -> None:
    assert send(call, office.patient_id, **refused).status_code in (400, 415, 422)
    assert count(resources, "idempotency_keys") == 0
    assert send(call, office.patient_id).status_code == 202


def test_a_request_whose_process_died_frees_its_key_in_time(
    call: Caller, resources: Resources, office: Office
) -> None:
    assert send(call, office.patient_id).status_code == 202
    with everything(resources) as db:  # as a process leaves it that dies before it commits
        db.execute(update(IdempotencyKey).values(status=None, resource_id=None, fingerprint=None))
    busy = send(call, office.patient_id)
    assert (busy.status_code, busy.json["code"]) == (409, "idempotency_in_progress")
    assert busy.headers["Retry-After"] == "2"
    lapse(resources)
    assert send(call, office.patient_id).status_code == 202
    assert send(call, office.patient_id).headers["Idempotent-Replayed"] == "true"


class _Interrupted(FakeDecoder):
    """A decoder during whose first probe something else happens."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        super().__init__()
        self._meanwhile: Callable[[], None] | None = meanwhile

    def probe(self, source: ByteSource) -> MediaFacts:
        if meanwhile := self._meanwhile:
            self._meanwhile = None
            meanwhile()
        return super().probe(source)


def test_a_request_that_was_taken_for_dead_creates_nothing(resources: Resources, office: Office) -> None:
    answers = []

    def overtake() -> None:
        lapse(resources)
        answers.append(send(Caller(app.test_client(), call.key), office.patient_id))

    slow = dataclasses.replace(resources, decoder=_Interrupted(overtake))
    app = app_of(slow)
    call = caller_of(app, slow, office)
    late = send(call, office.patient_id)
    assert [answer.status_code for answer in answers] == [202]
    assert (late.status_code, late.json["code"]) == (409, "idempotency_overtaken")
    assert (count(resources, "sessions"), len(left_behind(resources))) == (1, 2)
    assert send(call, office.patient_id).json["id"] == answers[0].json["id"]


def test_a_patient_is_made_once(call: Caller, resources: Resources) -> None:
    body = {"name": "Jane Canary", "consent": {"method": "written", "given_on": "2026-01-05"}}
    first, second = (call("POST", "/api/patients", json=body, headers=KEY) for _ in range(2))
    assert (first.status_code, second.status_code, second.json) == (201, 201, first.json)
    assert second.headers["Location"] == first.headers["Location"]
    other = call("POST", "/api/patients", json={**body, "name": "Another"}, headers=KEY)
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")


def test_a_repetition_shows_no_secret(app: Flask, resources: Resources, office: Office) -> None:
    scopes = [Scope.KEYS, Scope.SESSIONS_READ]
    call = caller_of(app, resources, office, scopes)
    body = {"scopes": ["sessions:read"], "label": "mine"}
    first, second = (call("POST", "/api/keys", json=body, headers=KEY) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json["key"].startswith("ssk_")
    assert second.json == {**first.json, "key": None}


def test_notes_are_asked_for_once(call: Caller, resources: Resources, office: Office) -> None:
    session_id = UUID(send(call, office.patient_id).json["id"])
    bench = bench_with(resources)
    work(bench, session_id)
    path = f"/api/sessions/{session_id}/extract-notes"
    first, second = (call("POST", path, headers=KEY) for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 202)
    work(bench, session_id)
    assert call("POST", path, headers=KEY).json["status"] == Status.PROCESSED
    assert row(resources, session_id).status == Status.PROCESSED  # it was not begun a second time


def test_nothing_that_a_client_said_is_kept(call: Caller, resources: Resources) -> None:
    call("POST", "/api/patients", json={"name": "Jane Canary"}, headers={"Idempotency-Key": "jane-canary-1"})
    with everything(resources) as db:
        kept = repr(db.execute(text("SELECT * FROM idempotency_keys")).all())
    assert "201" in kept
    assert "anary" not in kept


def test_a_key_is_kept_for_a_day(call: Caller, resources: Resources, office: Office) -> None:
    assert send(call, office.patient_id).status_code == 202
    with everything(resources) as db:
        kept = db.execute(select(IdempotencyKey.expires_at - IdempotencyKey.begun_at)).scalar_one()
    assert timedelta(days=1) <= kept < timedelta(days=1, minutes=5)


def test_expired_keys_are_swept_and_free(call: Caller, resources: Resources, office: Office) -> None:
    first = send(call, office.patient_id)
    assert idempotency.sweep(resources.database) == 0
    lapse(resources, "expires_at")
    second = send(call, office.patient_id)
    assert first.json["id"] != second.json["id"]
    lapse(resources, "expires_at")
    assert idempotency.sweep(resources.database) == 1
    assert count(resources, "idempotency_keys") == 0


@pytest.mark.parametrize("key", ["", "x" * 256, "two words", "ümlaut"])
def test_a_key_that_is_none_is_refused(call: Caller, key: str) -> None:
    answer = call("POST", "/api/patients", json={"name": "A"}, headers={"Idempotency-Key": key})
    assert (answer.status_code, answer.json["code"]) == (400, "idempotency_key_invalid")


def test_a_key_may_be_long(call: Caller) -> None:
    headers = {"Idempotency-Key": "x" * 255}
    assert call("POST", "/api/patients", json={"name": str(uuid4())}, headers=headers).status_code == 201

"""Limits on callers, addresses, practices and the disk: never overshot, never shut for good."""

import dataclasses
import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from shared.domain.errors import Unavailable
from shared.http import rate_limits
from shared.media import recognition
from shared.queue import WorkQueue, make_app
from shared.services.resources import Resources
from shared.services.uploads import quotas
from tests.database import everything
from tests.fakes.media import FakeDecoder
from tests.integration.api_client import Caller, app_of, caller_of, left_behind, tone
from tests.integration.sessions import bench_with, work
from tests.integration.uploads.test_api_upload import Unread
from tests.servers import Office

ROOMY = {"uploads_per_hour": 1000, "attempts_per_hour": 10_000}


class Clock:
    """``time.time`` as the limits read it: it stands until it is moved."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "time", clock)
    return clock


def limited(resources: Resources, **limits: Any) -> Resources:
    return dataclasses.replace(resources, settings=dataclasses.replace(resources.settings, **limits))


def side_by_side(times: int, resources: Resources, office: Office, content: bytes) -> list[TestResponse]:
    """The answers to so many uploads, sixteen at a time."""
    app = app_of(resources)
    key = caller_of(app, resources, office).key
    with ThreadPoolExecutor(16) as pool:
        return list(
            pool.map(
                lambda _: Caller(app.test_client(), key).upload(office.patient_id, content), range(times)
            )
        )


def outcomes(answers: list[TestResponse]) -> Counter[str]:
    return Counter("accepted" if a.status_code == 202 else a.json["code"] for a in answers)


def uploaded(resources: Resources) -> tuple[int, int]:
    """Sessions and bytes that were accepted."""
    with everything(resources) as db:
        found = db.execute(text("SELECT count(*), coalesce(sum(audio_bytes), 0) FROM sessions")).one()
    return int(found[0]), int(found[1])


def test_uploads_side_by_side_never_exceed_a_practices_bytes(resources: Resources, office: Office) -> None:
    content = tone(3.2)
    fit = 1024 * 1024 // len(content)
    answers = side_by_side(50, limited(resources, **ROOMY, practice_mib_per_day=1), office, content)
    assert outcomes(answers) == {"accepted": fit, "quota_exceeded": 50 - fit}
    assert uploaded(resources) == (fit, fit * len(content))
    refused = [answer for answer in answers if answer.status_code != 202]
    assert {answer.status_code for answer in refused} == {429}
    assert all(0 < int(answer.headers["Retry-After"]) <= 86_401 for answer in refused)
    assert len(left_behind(resources)) == 2 * fit  # each accepted one's object and key, nothing else


def test_uploads_side_by_side_never_exceed_a_practices_minutes(resources: Resources, office: Office) -> None:
    settings = limited(resources, **ROOMY, practice_minutes_per_day=5)
    answers = side_by_side(50, settings, office, tone())  # the fake decoder finds a minute in each
    assert outcomes(answers) == {"accepted": 5, "quota_exceeded": 45}


def test_uploads_side_by_side_never_exceed_the_callers_limit(
    resources: Resources, office: Office, clock: Clock
) -> None:
    few = limited(resources, uploads_per_hour=3, attempts_per_hour=1000)
    assert outcomes(side_by_side(20, few, office, tone())) == {"accepted": 3, "rate_limited": 17}
    clock.now += 3599
    assert outcomes(side_by_side(2, few, office, tone())) == {"rate_limited": 2}
    clock.now += 2
    assert outcomes(side_by_side(4, few, office, tone())) == {"accepted": 3, "rate_limited": 1}


def test_a_limit_holds_in_memory_while_redis_is_away(
    resources: Resources, office: Office, clock: Clock
) -> None:
    gone = "redis://127.0.0.1:1/0"
    few = limited(resources, uploads_per_hour=2, attempts_per_hour=1000, redis_url=gone)
    few = dataclasses.replace(few, queue=WorkQueue(make_app(gone, socket_timeout=1)))
    call = caller_of(app_of(few), few, office)

    def attempt() -> str:
        return outcomes([call.upload(office.patient_id)]).popitem()[0]

    assert [attempt() for _ in range(3)] == ["accepted", "accepted", "rate_limited"]
    clock.now += 3601
    assert attempt() == "accepted"


@pytest.mark.parametrize("away", [False, True], ids=["in Redis", "in memory"])
def test_what_fails_in_the_end_is_not_counted(resources: Resources, office: Office, away: bool) -> None:
    few = limited(resources, uploads_per_hour=1, redis_url="redis://127.0.0.1:1/0") if away else (
        limited(resources, uploads_per_hour=1)
    )  # fmt: skip
    app = app_of(few)
    call = caller_of(app, few, office)
    with app.test_request_context():
        rate_limits.g.caller = office.caller
        for _ in range(3):
            with pytest.raises(Unavailable), rate_limits.taken(rate_limits.UPLOADS):
                raise Unavailable("Postgres went away.")
    assert call.upload(office.patient_id).headers["RateLimit-Remaining"] == "0"
    assert call.upload(office.patient_id).status_code == 429


def test_every_answer_tells_where_the_caller_stands(
    resources: Resources, office: Office, clock: Clock
) -> None:
    few = limited(resources, uploads_per_hour=2, attempts_per_hour=9)
    call = caller_of(app_of(few), few, office)
    headers = call.upload(office.patient_id).headers
    assert headers["RateLimit-Policy"] == '"attempts";q=9;w=3600, "uploads";q=2;w=3600'
    assert re.fullmatch(r'"attempts";r=8;t=3600, "uploads";r=1;t=3600', headers["RateLimit"])
    assert "Retry-After" not in headers
    clock.now += 600
    call.upload(office.patient_id)
    refused = call.upload(office.patient_id)
    assert (refused.status_code, refused.content_type) == (429, "application/problem+json")
    assert 2990 <= int(refused.headers["Retry-After"]) <= 3000
    assert '"uploads";r=0;t=300' in refused.headers["RateLimit"]
    assert refused.headers["Connection"] == "close"


def test_an_address_without_a_key_is_slowed_down_and_one_with_a_key_is_not(
    resources: Resources, office: Office, clock: Clock
) -> None:
    few = limited(resources, anonymous_per_minute=3)
    app = app_of(few)
    call = caller_of(app, few, office)
    stranger = Caller(app.test_client(), "ssk_wrong_key")
    answers = [stranger("GET", path) for path in ("/api/whoami", "/openapi.json", "/nowhere", "/api/whoami")]
    assert [answer.status_code for answer in answers] == [401, 200, 404, 429]
    assert answers[-1].json["code"] == "rate_limited"
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    assert call("GET", "/api/whoami").status_code == 200
    assert stranger("GET", "/healthz").status_code == 200
    clock.now += 61
    assert stranger("GET", "/api/whoami").status_code == 401


@pytest.mark.parametrize("path", ["/readyz", "/metrics"])
def test_an_address_may_not_probe_without_end(resources: Resources, clock: Clock, path: str) -> None:
    client = app_of(limited(resources, anonymous_per_minute=3)).test_client()
    first = 200 if path == "/readyz" else 401
    answers = [client.get(path) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [first, first, first, 429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    assert client.get(path, environ_base={"REMOTE_ADDR": "198.51.100.7"}).status_code == first
    clock.now += 61
    assert client.get(path).status_code == first


@pytest.mark.parametrize(
    ("trusted", "last"), [((), 429), (("127.0.0.0/8",), 401)], ids=["no proxy is ours", "the proxy is ours"]
)
def test_only_our_own_proxies_say_whose_request_it_is(
    resources: Resources, trusted: tuple[str, ...], last: int
) -> None:
    client = app_of(limited(resources, anonymous_per_minute=1, trusted_proxies=trusted)).test_client()
    statuses = [
        client.get("/api/whoami", headers={"X-Forwarded-For": f"198.51.100.{n}"}).status_code for n in (1, 2)
    ]
    assert statuses == [401, last]


def test_a_full_disk_refuses_uploads_before_they_are_read(resources: Resources, office: Office) -> None:
    full = limited(resources, min_free_disk_mib=1_000_000_000)
    call = caller_of(app_of(full), full, office)
    answer = unread(call, office.patient_id)
    assert (answer.status_code, answer.json["code"]) == (503, "disk_full")
    assert answer.headers["Retry-After"] == "60"
    assert caller_of(app_of(resources), resources, office).upload(office.patient_id).status_code == 202


def unread(call: Caller, patient_id: UUID) -> TestResponse:
    """An upload whose body raises when it is touched."""
    return call(
        "POST",
        f"/api/sessions/upload?patient_id={patient_id}",
        content_type="multipart/form-data; boundary=x",
        environ_overrides={"wsgi.input": Unread(), "CONTENT_LENGTH": "3000000"},
    )


def test_a_used_up_quota_refuses_uploads_before_they_are_read(resources: Resources, office: Office) -> None:
    small = limited(resources, practice_mib_per_day=1)
    answer = unread(caller_of(app_of(small), small, office), office.patient_id)
    assert (answer.status_code, answer.json["code"]) == (429, "quota_exceeded")


def test_yesterdays_uploads_do_not_count(resources: Resources, office: Office) -> None:
    small = limited(resources, practice_minutes_per_day=1)
    call = caller_of(app_of(small), small, office)
    assert [call.upload(office.patient_id).status_code for _ in range(2)] == [202, 429]
    with everything(resources) as db:
        db.execute(text("UPDATE quota_days SET day = day - 1"))
    assert call.upload(office.patient_id).status_code == 202


@pytest.mark.parametrize("declared", [None, 2.0])
def test_a_recording_is_charged_by_what_decoding_finds(
    resources: Resources, office: Office, declared: float | None
) -> None:
    decoder = _Declaring(declared)
    doubted = dataclasses.replace(resources, decoder=decoder)
    call = caller_of(app_of(doubted), doubted, office)
    session_id = UUID(call.upload(office.patient_id).json["id"])
    assert seconds_used(resources) == pytest.approx(declared or len(tone()) * 8 / 6000)
    work(bench_with(doubted), session_id)
    assert seconds_used(resources) == pytest.approx(60.0)
    with everything(resources) as db:
        quotas.quotas.settle(db, session_id, 60.0)  # a second time changes nothing
    assert seconds_used(resources) == pytest.approx(60.0)


class _Declaring(FakeDecoder):
    """Finds a minute in recordings that declare something else."""

    def __init__(self, declared: float | None) -> None:
        super().__init__()
        self._declared = declared

    def probe(self, source: Any) -> Any:
        return dataclasses.replace(super().probe(source), declared_seconds=self._declared)


def seconds_used(resources: Resources) -> float:
    with everything(resources) as db:
        return float(db.execute(text("SELECT sum(seconds) FROM quota_days")).scalar_one())


@pytest.mark.parametrize("begins", ["whole", "resumable", "direct"])
def test_each_way_to_begin_an_upload_is_an_attempt(resources: Resources, office: Office, begins: str) -> None:
    """Whatever way two attempts were made: what comes third is refused, by all ways."""
    me = limited(resources, attempts_per_hour=2)
    call = caller_of(app_of(me), me, office)
    ways = {
        "whole": lambda: call.upload(office.patient_id, b"no recording"),
        "resumable": lambda: call("POST", "/api/uploads", headers={"Tus-Resumable": "1.0.0"}),
        "direct": lambda: call("POST", "/api/direct-uploads", json={}),
    }
    assert [ways[begins]().status_code == 429 for _ in range(2)] == [False, False]
    assert {way: ask().status_code for way, ask in ways.items()} == dict.fromkeys(ways, 429)


def test_what_an_upload_may_be_is_told(resources: Resources, office: Office) -> None:
    answer = caller_of(app_of(resources), resources, office)("GET", "/api/upload-limits")
    assert answer.status_code == 200, answer.text
    told, settings = answer.json, resources.settings
    assert told["max_bytes"] == settings.max_upload_bytes
    assert told["max_seconds"] == settings.max_recording_seconds
    assert (told["uploads_per_hour"], told["uploads_at_once"]) == (
        settings.uploads_per_hour,
        settings.uploads_at_once,
    )
    for extension in told["extensions"]:
        assert recognition.check_extension(extension) == extension

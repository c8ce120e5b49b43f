"""Webhooks as a receiver and an administrator see them: signed, repeated, paused, never lost."""

import dataclasses
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from standardwebhooks import Webhook, WebhookVerificationError

from shared.db.queries import deliveries
from shared.db.queries.deliveries import Taken
from shared.db.tables.webhooks import WebhookDelivery, WebhookEndpoint
from shared.domain.errors import InvalidInput
from shared.domain.webhooks import MOST_ATTEMPTS, RETRY_SECONDS, USUAL, DeliveryState, PauseReason
from shared.outbound.posting import Poster
from shared.parsing import WEB_PORTS
from shared.services.accounts import accounts
from shared.services.lifecycle import cancellation
from shared.services.resources import Resources
from shared.services.webhooks import delivery as webhook_delivery
from shared.services.webhooks import endpoints as webhooks
from tests.database import everything
from tests.fakes.receiver import Received, receiving, says
from tests.integration.api_client import Caller, app_of
from tests.integration.sessions import bench_with, promise, work
from tests.servers import Office
from tests.waiting import wait_for
from workers import courier

HERE = ("127.0.0.0/8",)


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    """Receivers in these tests are on loopback and any port, and speak plain http."""
    networks = {"SESSIONSCRIBE_WEBHOOK_NETWORKS": HERE[0], "SESSIONSCRIBE_WEBHOOK_PORTS": "1-65535"}
    return {**environment, **networks}


@pytest.fixture
def administrator(resources: Resources, office: Office) -> Caller:
    person = accounts.create_therapist(resources, office.caller.practice_id, "Office", accounts.ADMINISTRATOR)
    _, secret = accounts.create_key(resources, office.caller.practice_id, person.id)
    return Caller(app_of(resources).test_client(), secret)


def add(administrator: Caller, url: str, **wanted: Any) -> Any:
    answer = administrator("POST", "/api/webhooks", json={"url": url, **wanted})
    assert answer.status_code == 201, answer.text
    return answer.json


def deliver_all(resources: Resources) -> list[bool]:
    """What the courier would do with what is due, one after the other."""
    outcomes = []
    while taken := take(resources):
        outcomes += [deliver(resources, item) for item in taken]
    return outcomes


def take(resources: Resources, **options: Any) -> list[Taken]:
    with resources.database.operating() as db:
        return deliveries.take_due(db, **{"lease_seconds": 60, "limit": 10, **options})


def deliver(resources: Resources, taken: Taken) -> bool:
    return webhook_delivery.deliver(
        resources.database, resources.vault, Poster(HERE, resources.settings.webhook_ports), taken
    )


def cancelled(resources: Resources, office: Office) -> UUID:
    session_id = promise(resources, office)
    cancellation.cancel(resources, office.caller, session_id)
    return session_id


def let_pass(resources: Resources, seconds: float) -> None:
    """As if everything about webhooks had happened ``seconds`` earlier."""
    with everything(resources) as db:
        for table, columns in (
            ("webhook_deliveries", ("due_at", "ended_at")),
            ("webhook_endpoints", ("failing_since", "old_secret_until", "paused_at")),
        ):
            changes = ", ".join(f"{name} = {name} - make_interval(secs => :s)" for name in columns)
            db.execute(text(f"UPDATE {table} SET {changes}"), {"s": seconds})


def delivery(resources: Resources) -> WebhookDelivery:
    with everything(resources) as db:
        return db.scalars(select(WebhookDelivery)).one()


def endpoint(resources: Resources) -> WebhookEndpoint:
    with everything(resources) as db:
        return db.scalars(select(WebhookEndpoint)).one()


def is_from(secret: str, request: Received) -> bool:
    """Whether the specification's own library takes the request for one signed with ``secret``."""
    try:
        return Webhook(secret).verify(request.body.decode(), request.headers) == json.loads(request.body)
    except WebhookVerificationError:
        return False


def test_a_processed_session_is_told_by_ids_and_status_alone(
    resources: Resources, office: Office, administrator: Caller
) -> None:
    with receiving() as receiver:
        made = add(administrator, receiver.url)
        session_id = promise(resources, office)
        work(bench_with(resources), session_id)
        assert deliver_all(resources) == [True]
    (request,) = receiver.requests
    assert is_from(made["secret"], request)
    message = json.loads(request.body)
    assert datetime.fromisoformat(message.pop("timestamp")).tzinfo is not None
    assert message == {
        "type": "session.processed",
        "data": {"session_id": str(session_id), "status": "processed"},
    }
    assert request.headers["webhook-id"] == str(delivery(resources).message_id)
    assert request.headers["content-type"] == "application/json"
    assert delivery(resources).state == DeliveryState.DELIVERED


def test_while_a_secret_is_rotated_both_sign_and_afterwards_the_new_one_alone(
    resources: Resources, office: Office, administrator: Caller
) -> None:
    with receiving() as receiver:
        old = add(administrator, receiver.url)
        answer = administrator("POST", f"/api/webhooks/{old['id']}/rotate", json={"overlap_hours": 2})
        assert answer.status_code == 201
        new = answer.json
        cancelled(resources, office)
        deliver_all(resources)
        let_pass(resources, 2 * 3600)
        cancelled(resources, office)
        deliver_all(resources)
    first, second = receiver.requests
    assert [is_from(old["secret"], first), is_from(new["secret"], first)] == [True, True]
    assert [is_from(old["secret"], second), is_from(new["secret"], second)] == [False, True]
    assert old["secret"] != new["secret"]


def test_a_message_is_repeated_under_one_id_until_it_is_taken(
    resources: Resources, office: Office, administrator: Caller
) -> None:
    with receiving(says(500), says(503), says(302), says(200)) as receiver:
        made = add(administrator, receiver.url)
        cancelled(resources, office)
        for pause in RETRY_SECONDS[:3]:
            assert deliver_all(resources) == [False]
            assert take(resources) == [], "the next attempt is not due yet"
            assert endpoint(resources).failing_since is not None
            let_pass(resources, pause * 1.2)
        assert deliver_all(resources) == [True]
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1
    assert len({request.body for request in receiver.requests}) == 1
    assert all(is_from(made["secret"], request) for request in receiver.requests)
    assert endpoint(resources).failing_since is None
    log = administrator("GET", f"/api/webhooks/{made['id']}/deliveries").json
    assert [(a["http_status"], a["error"]) for a in log[0]["attempts"]] == [
        (500, "refused"), (503, "refused"), (302, "redirected"), (200, None),
    ]  # fmt: skip


def test_the_pauses_grow_and_last_four_days() -> None:
    assert list(RETRY_SECONDS) == sorted(RETRY_SECONDS)
    assert 4 <= sum(RETRY_SECONDS) / 86_400 < 5


def test_an_endpoint_that_asks_to_be_left_alone_is(
    resources: Resources, office: Office, administrator: Caller
) -> None:
    with receiving(says(429, "Retry-After: 7000"), says(204)) as receiver:
        add(administrator, receiver.url)
        cancelled(resources, office)
        deliver_all(resources)
        let_pass(resources, 6900)
        assert take(resources) == []
        let_pass(resources, 200)
        assert deliver_all(resources) == [True]


def test_an_endpoint_that_fails_for_days_is_paused_and_misses_nothing(
    resources: Resources, office: Office, administrator: Caller
) -> None:
    with receiving(says(500)) as receiver:
        made = add(administrator, receiver.url)
        sessions = [cancelled(resources, office)]
        for pause in RETRY_SECONDS:
            assert deliver_all(resources) == [False]
            let_pass(resources, pause * 1.2)
        assert endpoint(resources).pause is None
        assert deliver_all(resources) == [False]
        assert delivery(resources).attempts == MOST_ATTEMPTS
        shown = administrator("GET", f"/api/webhooks/{made['id']}").json
        assert (shown["paused"], shown["failing_since"] is not None) == ("failing", True)
        sessions.append(cancelled(resources, office))
        let_pass(resources, 1e6)
        assert take(resources) == []
        receiver.answers[:] = [says(204)]
        seen = len(receiver.requests)
        assert (
            administrator("PATCH", f"/api/webhooks/{made['id']}", json={"paused": False}).status_code == 200
        )
        assert deliver_all(resources) == [True, True]
    told = [json.loads(request.body)["data"]["session_id"] for request in receiver.requests[seen:]]
    assert told == [str(session_id) for session_id in sessions]


def test_one_message_that_is_never_taken_fails_alone_and_can_be_sent_again(
    resources: Resources, office: Office, administrator: Caller
) -> None:
    with receiving(says(500)) as receiver:
        made = add(administrator, receiver.url)
        cancelled(resources, office)
        for pause in RETRY_SECONDS:
            deliver_all(resources)
            let_pass(resources, pause * 1.2)
        with everything(resources) as db:  # another message was taken meanwhile
            db.execute(text("UPDATE webhook_endpoints SET failing_since = now() - interval '1 hour'"))
        deliver_all(resources)
        failed = delivery(resources)
        assert (failed.state, endpoint(resources).pause) == (DeliveryState.FAILED, None)
        receiver.answers[:] = [says(204)]
        url = f"/api/webhooks/{made['id']}"
        since = {"since": datetime.now(UTC).isoformat()}
        assert administrator("POST", f"{url}/replay", json=since).json == {"count": 0}
        since = {"since": (failed.created_at - timedelta(seconds=1)).isoformat()}
        assert administrator("POST", f"{url}/replay", json=since).json == {"count": 1}
        assert deliver_all(resources) == [True]
        again = administrator("POST", f"{url}/deliveries/{failed.id}/replay")
        assert (again.status_code, again.json["state"]) == (202, "waiting")
        assert deliver_all(resources) == [True]
        assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1


def test_an_endpoint_that_says_it_is_gone_is_not_called_again(
    resources: Resources, office: Office, administrator: Caller
) -> None:
    with receiving(says(410)) as receiver:
        made = add(administrator, receiver.url)
        cancelled(resources, office)
        cancelled(resources, office)
        deliver_all(resources)
        cancelled(resources, office)
        let_pass(resources, 1e6)
        assert take(resources) == []
        assert len(receiver.requests) == 1
    assert endpoint(resources).pause is PauseReason.GONE
    log = administrator("GET", f"/api/webhooks/{made['id']}/deliveries?state=failed").json
    assert len(log) == 2, "what came after the 410 is not even written"


def test_a_test_message_is_tried_once_and_a_paused_endpoint_refuses_it(
    resources: Resources, administrator: Caller
) -> None:
    with receiving(says(500)) as receiver:
        made = add(administrator, receiver.url)
        url = f"/api/webhooks/{made['id']}"
        assert administrator("POST", f"{url}/test").status_code == 202
        assert deliver_all(resources) == [False]
        assert json.loads(receiver.requests[0].body)["type"] == "webhook.test"
        let_pass(resources, 1e6)
        assert take(resources) == []
    assert administrator("GET", f"{url}/deliveries").json[0]["state"] == "failed"
    administrator("PATCH", url, json={"paused": True})
    assert administrator("POST", f"{url}/test").status_code == 409


def test_who_dies_with_a_message_in_hand_leaves_it_to_the_next(
    resources: Resources, office: Office, administrator: Caller
) -> None:
    with receiving() as receiver:
        add(administrator, receiver.url)
        cancelled(resources, office)
        (lost,) = take(resources)
        assert take(resources) == []
        let_pass(resources, 61)
        assert deliver_all(resources) == [True]
        assert deliver(resources, lost) is False, "the one that was thought dead changes nothing"
        assert len(receiver.requests) == 1


def test_a_removed_endpoint_takes_what_waits_for_it_along(
    resources: Resources, office: Office, administrator: Caller
) -> None:
    with receiving() as receiver:
        made = add(administrator, receiver.url)
        cancelled(resources, office)
        (taken,) = take(resources)
        assert administrator("DELETE", f"/api/webhooks/{made['id']}").status_code == 204
        assert deliver(resources, taken) is False
        assert receiver.requests == []
    assert administrator("GET", f"/api/webhooks/{made['id']}").status_code == 404
    assert not list((resources.settings.keys_dir / "subjects").rglob(f"{made['id']}.key"))


def test_what_ended_a_month_ago_is_forgotten_and_what_waits_is_not(
    resources: Resources, office: Office, administrator: Caller
) -> None:
    with receiving(says(204), says(500)) as receiver:
        add(administrator, receiver.url)
        for _ in range(2):
            cancelled(resources, office)
        deliver_all(resources)
    let_pass(resources, 31 * 86_400)
    with resources.database.operating() as db:
        assert deliveries.sweep(db, kept_days=30) == 1
    assert delivery(resources).state == DeliveryState.WAITING


@pytest.mark.parametrize(
    "url",
    [
        "ftp://hook.example/", "https://", "https:///path", "hook.example", "https://u:p@hook.example/",
        "https://hook.example/#part", "https://10.0.0.1/", "https://[::1]/", "https://169.254.169.254/",
        "https://[64:ff9b::a9fe:a9fe]/", "javascript:alert(1)", "https://0177.0.0.1/",
        f"https://hook.example/{'x' * 2000}",
    ],
)  # fmt: skip
def test_a_url_that_is_not_to_be_called_is_refused(administrator: Caller, url: str) -> None:
    answer = administrator("POST", "/api/webhooks", json={"url": url})
    assert answer.status_code in (400, 422)
    assert url not in answer.text
    assert administrator("GET", "/api/webhooks").json == []


@pytest.mark.parametrize(
    "url", ["https://hook.example:6379/", "http://127.0.0.1:8080/", "https://hook.example:22/"]
)
def test_a_port_that_is_not_allowed_is_refused_at_once(
    resources: Resources, office: Office, url: str
) -> None:
    usual = dataclasses.replace(resources.settings, webhook_ports=WEB_PORTS)
    with pytest.raises(InvalidInput, match="port is not 443 or 80"):
        webhooks.create(dataclasses.replace(resources, settings=usual), office.caller, url, USUAL)


def test_neither_url_nor_secret_lies_readable_in_the_database(
    resources: Resources, administrator: Caller
) -> None:
    made = add(administrator, "https://hook.example/CANARYTOKEN", label="CANARYLABEL")
    assert administrator("GET", f"/api/webhooks/{made['id']}").json["url"].endswith("CANARYTOKEN")
    assert "secret" not in administrator("GET", f"/api/webhooks/{made['id']}").json
    with everything(resources) as db:
        row = str(db.execute(text("SELECT w::text FROM webhook_endpoints w")).all())
    for words in ("CANARYTOKEN", "CANARYLABEL", made["secret"]):
        assert words not in row
        assert words.encode().hex() not in row


def test_a_repeated_request_makes_one_webhook_and_tells_no_secret_twice(administrator: Caller) -> None:
    for expected in (str, type(None)):
        answer = administrator(
            "POST", "/api/webhooks", json={"url": "https://hook.example/"}, headers={"Idempotency-Key": "one"}
        )
        assert (answer.status_code, type(answer.json["secret"])) == (201, expected)
    assert len(administrator("GET", "/api/webhooks").json) == 1


def test_a_practice_has_a_bounded_number_of_webhooks(
    resources: Resources, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "MOST_ENDPOINTS", 1)
    webhooks.create(resources, office.caller, "https://hook.example/", USUAL)
    with pytest.raises(webhooks.Conflict):
        webhooks.create(resources, office.caller, "https://hook.example/", USUAL)


@contextmanager
def couriers(resources: Resources, count: int) -> Iterator[None]:
    stop = threading.Event()
    run: Callable[[], None] = lambda: courier.run(resources.settings, stop)  # noqa: E731
    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)


def test_several_couriers_deliver_each_message_once_and_a_slow_endpoint_delays_nobody(
    resources: Resources, office: Office, administrator: Caller
) -> None:
    release = threading.Event()

    def slow(connection: Any) -> None:
        release.wait(20)
        says(204)(connection)

    with receiving() as quick, receiving(slow) as stuck:
        for receiver in (quick, stuck):
            add(administrator, receiver.url)
        told = {str(cancelled(resources, office)) for _ in range(12)}
        with couriers(resources, 3):
            wait_for(lambda: len(quick.requests) == 12, 20)
            release.set()
            wait_for(lambda: len(stuck.requests) == 12, 20)
            wait_for(lambda: not administrator("GET", _waiting(administrator)).json, 20)
    for receiver in (quick, stuck):
        assert len(receiver.requests) == 12
        assert {json.loads(request.body)["data"]["session_id"] for request in receiver.requests} == told


def _waiting(administrator: Caller) -> str:
    endpoints = administrator("GET", "/api/webhooks").json
    return f"/api/webhooks/{endpoints[0]['id']}/deliveries?state=waiting"

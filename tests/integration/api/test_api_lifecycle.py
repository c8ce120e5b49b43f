"""Cancelling, deleting and following sessions over HTTP; waiting for news of them."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import text

from api.http import event_stream, prefer_wait
from shared.db.queries.records import sessions
from shared.domain.status import Status
from shared.services.access.caller import Scope
from shared.services.resources import Resources
from tests.database import everything
from tests.integration.api_client import Caller, caller_of, left_behind
from tests.integration.sessions import audited, bench_with, work
from tests.servers import Office, make_office


@pytest.fixture
def session_id(call: Caller, office: Office) -> str:
    return str(call.upload(office.patient_id).json["id"])


def move(resources: Resources, session_id: str, *to: Status, code: str | None = None) -> None:
    for status in to:
        with everything(resources) as db:
            assert sessions.move(db, UUID(session_id), status, error_code=code)


def test_a_cancelled_session_is_shown_as_such_and_again(call: Caller, session_id: str) -> None:
    answers = [call("POST", f"/api/sessions/{session_id}/cancel") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json == answers[1].json
    assert answers[0].json["status"] == "cancelled"
    assert answers[0].headers["Location"] == f"/api/sessions/{session_id}"


@pytest.mark.parametrize("end", [Status.FAILED, Status.PROCESSED])
def test_a_session_that_has_ended_is_not_cancelled(
    call: Caller, resources: Resources, session_id: str, end: Status
) -> None:
    if end is Status.PROCESSED:
        work(bench_with(resources), UUID(session_id))
    else:
        move(resources, session_id, end, code="x")
    answer = call("POST", f"/api/sessions/{session_id}/cancel")
    assert (answer.status_code, answer.json["code"]) == (409, "already_ended")
    assert call("GET", f"/api/sessions/{session_id}").json["status"] == end


@pytest.mark.parametrize("done", [False, True])
def test_of_a_deleted_session_only_the_receipt_remains(
    call: Caller, resources: Resources, office: Office, session_id: str, done: bool
) -> None:
    if done:
        work(bench_with(resources), UUID(session_id))
    receipt = call("DELETE", f"/api/sessions/{session_id}")
    assert receipt.status_code == 200
    assert receipt.json["session_id"] == session_id
    assert receipt.json["removed"]["notes"] == int(done)
    assert receipt.json["removed"]["outputs"] == 2 * int(done)  # the transcript and the waveform
    assert receipt.json["erased_at"].endswith("Z")
    missing = call("GET", f"/api/sessions/{uuid4()}").json
    for method, path in (
        ("GET", ""), ("GET", "/audio"), ("GET", "/events"), ("GET", "/transcript"), ("GET", "/notes"),
        ("POST", "/cancel"), ("POST", "/retry"), ("POST", "/extract-notes"),
    ):  # fmt: skip
        answer = call(method, f"/api/sessions/{session_id}{path}")
        assert answer.status_code == 404, path
        assert {**answer.json, "request_id": ""} == {**missing, "request_id": ""}
    assert call("GET", "/api/sessions/").json == []
    assert left_behind(resources) == []
    assert call("DELETE", f"/api/sessions/{session_id}").json == receipt.json
    assert audited(resources, UUID(session_id), "session.delete") == 1
    assert call("DELETE", f"/api/patients/{office.patient_id}").status_code == 204


def test_others_cannot_tell_that_there_was_a_session(
    app: Flask, call: Caller, resources: Resources, session_id: str
) -> None:
    stranger = caller_of(app, resources, make_office(resources))
    calls = (("DELETE", ""), ("POST", "/cancel"), ("GET", "/audio"), ("GET", "/events"))
    for deleted in (False, True):
        if deleted:
            call("DELETE", f"/api/sessions/{session_id}")
        for method, path in calls:
            theirs = stranger(method, f"/api/sessions/{session_id}{path}")
            nobodys = stranger(method, f"/api/sessions/{uuid4()}{path}")
            assert theirs.status_code == nobodys.status_code == 404
            assert theirs.json["code"] == nobodys.json["code"] == "session_not_found"


def test_ending_a_session_needs_the_right_to_write(
    app: Flask, resources: Resources, office: Office, session_id: str
) -> None:
    reader = caller_of(app, resources, office, {Scope.SESSIONS_READ})
    assert reader("DELETE", f"/api/sessions/{session_id}").status_code == 403
    assert reader("POST", f"/api/sessions/{session_id}/cancel").status_code == 403


def test_revoked_consent_cancels_over_http_too(call: Caller, office: Office, session_id: str) -> None:
    path = f"/api/patients/{office.patient_id}"
    assert call("PATCH", path, json={"name": "Still here"}).status_code == 200
    assert call("GET", f"/api/sessions/{session_id}").json["status"] == "pending"
    today = datetime.now(UTC).date().isoformat()
    assert call("PATCH", path, json={"consent": {"revoked_on": today}}).status_code == 200
    assert call("GET", f"/api/sessions/{session_id}").json["status"] == "cancelled"
    assert call.upload(office.patient_id).status_code == 409


# --- Server-Sent Events --------------------------------------------------------------------------


class Stream:
    """What an EventSource would have understood."""

    def __init__(self, call: Caller, session_id: str, last: str | None = None) -> None:
        headers = {} if last is None else {"Last-Event-ID": last}
        self.answer = call("GET", f"/api/sessions/{session_id}/events", headers=headers, buffered=False)
        self._lines = self._split()

    def _split(self) -> Iterator[dict[str, str]]:
        rest = ""
        for part in self.answer.iter_encoded():
            rest += part.decode()
            while "\n\n" in rest:
                block, _, rest = rest.partition("\n\n")
                yield dict(line.split(": ", 1) for line in block.splitlines())

    def next(self) -> dict[str, str]:
        return next(block for block in self._lines if "event" in block)

    def rest(self) -> list[dict[str, str]]:
        found = [block for block in self._lines if "event" in block]
        self.close()  # as every server does at the end of an answer
        return found

    def close(self) -> None:
        self.answer.close()


def statuses(blocks: list[dict[str, str]]) -> list[str]:
    return [json.loads(block["data"])["status"] for block in blocks if block["event"] == "status"]


def test_a_stream_tells_every_change_and_ends_with_the_session(
    call: Caller, resources: Resources, session_id: str
) -> None:
    stream = Stream(call, session_id)
    assert stream.answer.mimetype == "text/event-stream"
    assert json.loads(stream.next()["data"])["status"] == "pending"
    worker = threading.Thread(target=work, args=(bench_with(resources), UUID(session_id)))
    worker.start()
    rest = stream.rest()
    worker.join()
    assert statuses(rest) == ["transcribing", "transcribed", "extracting_notes", "processed"]
    assert json.loads(rest[-1]["data"])["progress"] == 100
    ids = [tuple(map(int, block["id"].split("-"))) for block in rest]
    assert ids == sorted(set(ids))
    assert "i feel better" not in str(rest)
    after = call("GET", f"/api/sessions/{session_id}/events", headers={"Last-Event-ID": rest[-1]["id"]})
    assert (after.status_code, after.data) == (204, b"")


def test_a_stream_resumes_after_any_event_without_missing_a_change(
    call: Caller, resources: Resources, session_id: str
) -> None:
    work(bench_with(resources), UUID(session_id))
    everything = Stream(call, session_id).rest()
    assert statuses(everything)[0] == "pending"
    for number, block in enumerate(everything[:-1]):
        assert Stream(call, session_id, block["id"]).rest() == everything[number + 1 :]
    for nonsense in ("x", "9-9-9", "-1", "1-", "999999999999-5", "0-0"):
        assert Stream(call, session_id, nonsense).rest() == everything


def test_progress_is_told_in_percent_between_the_changes(
    call: Caller, resources: Resources, session_id: str
) -> None:
    stream = Stream(call, session_id)
    stream.next()
    with everything(resources) as db:
        db.execute(text("UPDATE steps SET state = 'done' WHERE name = 'transcribe'"))
    told = stream.next()
    assert (told["event"], json.loads(told["data"])) == ("progress", {"progress": 90})
    assert told["id"].endswith("-90")
    stream.close()


def test_a_failure_is_told_with_its_code(call: Caller, resources: Resources, session_id: str) -> None:
    move(resources, session_id, Status.FAILED, code="engine_busy")
    last = Stream(call, session_id).rest()[-1]
    assert json.loads(last["data"])["error"] == {"code": "engine_busy"}


def test_a_stream_of_a_deleted_session_says_so_and_ends(call: Caller, session_id: str) -> None:
    stream = Stream(call, session_id)
    stream.next()
    call("DELETE", f"/api/sessions/{session_id}")
    assert [block["event"] for block in stream.rest()] == ["deleted"]


def test_streams_are_bounded_and_give_their_place_back(call: Caller, session_id: str) -> None:
    streams = [Stream(call, session_id) for _ in range(event_stream.MAX_STREAMS)]
    refused = call("GET", f"/api/sessions/{session_id}/events")
    assert (refused.status_code, refused.json["code"]) == (503, "too_many_streams")
    assert refused.headers["Retry-After"]
    streams.pop().close()  # never read from: its place must come back all the same
    again = Stream(call, session_id)
    assert again.next()["event"] == "status"
    for stream in [*streams, again]:
        stream.close()
    call("HEAD", f"/api/sessions/{session_id}/events").close()
    assert all(event_stream.places.acquire(blocking=False) for _ in range(event_stream.MAX_STREAMS))
    for _ in range(event_stream.MAX_STREAMS):
        event_stream.places.release()


def test_a_stream_holds_no_connection_between_two_looks(
    call: Caller, resources: Resources, session_id: str
) -> None:
    stream = Stream(call, session_id)
    stream.next()
    assert resources.database._engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    stream.close()


# --- waiting, lists ------------------------------------------------------------------------------


def test_who_does_not_know_the_newest_is_not_kept_waiting(
    call: Caller, resources: Resources, session_id: str
) -> None:
    path = f"/api/sessions/{session_id}"
    old = call("GET", path).headers["ETag"]
    move(resources, session_id, Status.TRANSCRIBING)
    answer = call("GET", path, headers={"If-None-Match": old, "Prefer": "wait=30"})
    assert (answer.status_code, answer.json["status"]) == (200, "transcribing")
    assert answer.headers["Preference-Applied"] == "wait=30"
    same = call("GET", path, headers={"If-None-Match": answer.headers["ETag"], "Prefer": "wait=1"})
    assert (same.status_code, same.data) == (304, b"")
    assert "Prefer" in same.headers["Vary"]
    assert same.headers["ETag"] == answer.headers["ETag"]


def test_a_wait_for_which_there_is_no_place_is_not_said_to_have_been_applied(
    call: Caller, session_id: str
) -> None:
    taken = 0
    while prefer_wait._places.acquire(blocking=False):
        taken += 1
    try:
        answer = call("GET", f"/api/sessions/{session_id}", headers={"Prefer": "wait=30"})
    finally:
        prefer_wait._places.release(taken)
    assert answer.status_code == 200
    assert "Preference-Applied" not in answer.headers


def pages(call: Caller, path: str) -> Iterator[list[dict[str, str]]]:
    while path:
        answer = call("GET", path)
        assert answer.status_code == 200
        yield answer.json
        path = answer.headers.get("Link", "").partition(">")[0].removeprefix("<")


def test_pages_of_every_filter_show_each_session_once_though_all_dates_are_the_same(
    call: Caller, resources: Resources, office: Office
) -> None:
    ids = [call.upload(office.patient_id, session_date="2026-01-01").json["id"] for _ in range(7)]
    for session_id in ids[:3]:
        move(resources, session_id, Status.CANCELLED)
    matching: list[tuple[str, Callable[[str], bool]]] = [
        ("", lambda _: True),
        ("&status=cancelled", lambda one: one in ids[:3]),
        (f"&patient_id={office.patient_id}", lambda _: True),
        (f"&patient_id={office.patient_id}&status=pending", lambda one: one not in ids[:3]),
        (f"&patient_id={uuid4()}", lambda _: False),
    ]
    for query, fits in matching:
        for limit in (1, 2, 3, 7, 1000):
            found = list(pages(call, f"/api/sessions/?limit={limit}{query}"))
            shown = [item["id"] for page in found for item in page]
            assert shown == sorted(filter(fits, ids), reverse=True)
            assert all(len(page) == limit for page in found[:-1])


def test_a_cursor_of_another_list_is_refused(call: Caller, office: Office) -> None:
    for _ in range(2):
        call.upload(office.patient_id)
        call("POST", "/api/patients", json={"name": "B"})
    link = call("GET", "/api/sessions/?limit=1").headers["Link"]
    cursor = link.partition("cursor=")[2].partition(">")[0]
    assert call("GET", f"/api/sessions/?cursor={cursor}").status_code == 200
    for path in (
        f"/api/sessions/?status=pending&cursor={cursor}",
        f"/api/sessions/?patient_id={office.patient_id}&cursor={cursor}",
        f"/api/patients?cursor={cursor}",
    ):
        answer = call("GET", path)
        assert (answer.status_code, list(answer.json["errors"])) == (422, ["cursor"])


@pytest.mark.parametrize(
    ("limit", "status"), [("-1", 400), ("1.5", 422), ("", 422), ("9" * 30, 400), ("1", 200)]
)
def test_the_edges_of_a_limit(call: Caller, limit: str, status: int) -> None:
    for path in ("/api/sessions/", "/api/patients"):
        assert call("GET", f"{path}?limit={limit}").status_code == status

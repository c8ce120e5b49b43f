"""One stream for all sessions of a person: whose, in which order, resumed without a loss."""

import json
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from api.http import event_stream
from api.http.event_stream import Pace
from api.http.person_stream import events, seen
from shared.domain.errors import Unavailable
from shared.services.resources import Resources
from shared.services.sessions import person_feed
from shared.services.sessions.person_feed import OwnNews
from tests.database import everything
from tests.fakes.speech import FakeTranscriber
from tests.integration.api_client import Caller
from tests.integration.sessions import audited, bench_with, promise, work
from tests.servers import Office, make_office

AT_ONCE = Pace(poll_seconds=0.0, silence_seconds=60.0)


def told(resources: Resources, office: Office, after: int, polls: int = 2) -> list[dict[str, Any]]:
    """What the stream tells until it has asked ``polls`` times, as objects with id, event and data."""
    left = iter(range(polls))

    def ask(since: int) -> OwnNews:
        if next(left, None) is None:
            raise Unavailable("Enough.")
        return person_feed.news(resources, office.caller, since)

    return [parsed(one) for one in events(ask, after, AT_ONCE) if one.startswith(("id", "event"))]


def parsed(event: str) -> dict[str, Any]:
    found = dict(line.split(": ", 1) for line in event.strip().splitlines())
    return {**json.loads(found["data"]), "event": found["event"], "id": found.get("id")}


def age(resources: Resources) -> None:
    """Let all that happened have happened an hour ago."""
    with everything(resources) as db:
        db.execute(text("UPDATE session_events SET at = at - interval '1 hour'"))


def test_changes_of_all_own_sessions_are_told_once_and_of_nobody_elses(
    resources: Resources, office: Office
) -> None:
    mine = [promise(resources, office), promise(resources, office)]
    promise(resources, make_office(resources))
    work(bench_with(resources), mine[0])
    news = told(resources, office, 0)
    changes = [one for one in news if one["event"] != "progress"]
    assert {UUID(one["session_id"]) for one in changes} == set(mine)
    assert [one["status"] for one in changes if one["session_id"] == str(mine[0])][-1] == "processed"
    assert len({one["id"] for one in changes}) == len(changes)
    assert [one["session_id"] for one in news if one["event"] == "progress"] == [str(mine[1])]


def test_a_stream_is_resumed_where_it_broke_off(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    work(bench_with(resources), session_id)
    age(resources)
    everything_told = [one for one in told(resources, office, 0) if one["id"]]
    rest = told(resources, office, int(everything_told[1]["id"]))
    assert [one["id"] for one in rest] == [one["id"] for one in everything_told[2:]]


def test_a_change_that_is_committed_after_one_with_a_higher_id_is_not_missed(
    resources: Resources, office: Office
) -> None:
    session_id = promise(resources, office)
    with everything(resources) as db:
        late = db.execute(text("SELECT max(id) FROM session_events")).scalar_one()
    news = told(resources, office, late + 5)
    assert [one["id"] for one in news if one["session_id"] == str(session_id) and one["id"]] == [str(late)]


def test_who_opens_a_page_is_not_told_of_last_week(
    call: Caller, resources: Resources, office: Office
) -> None:
    work(bench_with(resources), promise(resources, office))
    age(resources)
    after = person_feed.begin(resources, office.caller, None)
    assert told(resources, office, after) == []
    assert person_feed.begin(resources, office.caller, after + 1000) == after


def test_a_finding_of_risk_is_told_as_such(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    work(bench_with(resources, transcriber=FakeTranscriber("i want to die tonight")), session_id)
    risks = [one for one in told(resources, office, 0) if one["event"] == "risk"]
    assert [(one["session_id"], one["code"]) for one in risks] == [(str(session_id), "risk_found")]


def test_the_route_streams_and_gives_its_place_back(
    call: Caller, resources: Resources, office: Office
) -> None:
    session_id = promise(resources, office)
    answer = call("GET", "/api/events", headers={"Last-Event-ID": "0"}, buffered=False)
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/event-stream")
    parts = (part.decode() for part in answer.response)
    assert str(session_id) in next(part for part in parts if part.startswith("id: "))
    answer.close()
    places = [event_stream.places.acquire(blocking=False) for _ in range(event_stream.MAX_STREAMS)]
    full = call("GET", "/api/events")
    for taken in places:
        assert taken
        event_stream.places.release()
    assert (full.status_code, full.json["code"]) == (503, "too_many_streams")
    with everything(resources) as db:
        query = text("SELECT count(*) FROM audit_events WHERE action = 'sessions.follow'")
        assert db.execute(query).scalar_one() == 2
    assert audited(resources, session_id, "session.follow") == 0


@pytest.mark.parametrize(
    ("given", "found"), [("12", 12), ("", None), (None, None), ("1-5", None), ("x", None)]
)
def test_what_is_no_id_of_ours_begins_anew(given: str | None, found: int | None) -> None:
    assert seen(given) == found

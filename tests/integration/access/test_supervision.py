"""A session that is open to a supervisor: heard and read, never changed, in the trail, until it is closed."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from cli.app import run
from cli.exits import Exit
from cli.profile import Profile
from shared.db.connection.engine import DatabaseError
from shared.services.access import supervision
from shared.services.access.caller import Caller
from shared.services.accounts import people
from shared.services.lifecycle import deletion
from shared.services.notes import process_notes
from shared.services.operations import removals
from shared.services.resources import Resources
from tests.browser import sample
from tests.database import everything
from tests.fakes.api_server import ADMINISTRATOR_KEY, KEY, FakeApi, Reply
from tests.integration.api_client import app_of
from tests.integration.browser import Browser, browser_of
from tests.integration.notes_calls import Clinician, clinician, colleague
from tests.integration.sessions import audited
from tests.servers import Office


@pytest.fixture
def me(resources: Resources, office: Office) -> Clinician:
    return clinician(resources, office, sample.put(resources, office))


@pytest.fixture
def boss(me: Clinician, resources: Resources, office: Office) -> Clinician:
    """Another therapist, who supervises the first."""
    found = colleague(resources, office, UUID(session_of(me)))
    supervise(resources, me, found)
    return found


def supervise(resources: Resources, me: Clinician, boss: Clinician | None) -> None:
    with everything(resources) as db:
        values = {"boss": boss.id if boss else None, "me": me.id}
        db.execute(text("UPDATE therapists SET supervisor_id = :boss WHERE id = :me"), values)


def session_of(me: Clinician) -> str:
    return me.path.split("/")[3]


def standing(me: Clinician) -> str:
    return f"/api/sessions/{session_of(me)}/supervision"


def opened(me: Clinician) -> str:
    """What the supervisor calls."""
    return f"/api/supervision/sessions/{session_of(me)}"


def grant(me: Clinician, granted: bool = True) -> None:
    answer = me("PUT", standing(me), json={"granted": granted})
    assert answer.status_code == 200, answer.text
    assert (answer.json["granted_at"] is not None) == granted


def everything_of(me: Clinician) -> list[str]:
    return [opened(me), f"{opened(me)}/audio", f"{opened(me)}/waveform"]


def test_a_session_is_heard_and_read_while_it_is_open(me: Clinician, boss: Clinician) -> None:
    assert [boss("GET", path).status_code for path in everything_of(me)] == [404] * 3
    grant(me)
    assert [boss("GET", path).status_code for path in everything_of(me)] == [200] * 3
    shown = boss("GET", opened(me)).json
    assert shown["transcript_segments"]
    assert shown["extracted_notes"]
    part = boss("GET", f"{opened(me)}/audio", headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.data) == (206, b"RIFF")
    assert [one["session_id"] for one in boss("GET", "/api/supervision").json["open"]] == [session_of(me)]
    assert [one["session_id"] for one in me("GET", "/api/supervision").json["granted"]] == [session_of(me)]
    grant(me, granted=False)
    assert [boss("GET", path).status_code for path in everything_of(me)] == [404] * 3
    assert boss("GET", "/api/supervision").json == {"open": [], "granted": []}


def test_another_supervisor_closes_it_and_setting_the_former_back_opens_nothing(
    me: Clinician, boss: Clinician, resources: Resources, office: Office
) -> None:
    grant(me)
    for who in (None, boss.id):
        people.change(resources, office.caller, me.id, {"supervisor_id": who})
    assert [boss("GET", path).status_code for path in everything_of(me)] == [404] * 3
    assert audited(resources, _id(me), "supervision.revoke") == 1
    grant(me)
    people.change(resources, office.caller, me.id, {"supervisor_id": boss.id})  # as it was
    assert boss("GET", opened(me)).status_code == 200


def test_nothing_else_is_open_and_nothing_is_changed(
    me: Clinician, boss: Clinician, resources: Resources, office: Office
) -> None:
    grant(me)
    other = sample.put(resources, office)
    assert boss("GET", f"/api/supervision/sessions/{other}").status_code == 404
    assert boss("GET", f"/api/sessions/{session_of(me)}").status_code == 404
    change = {"corrections": [{"segment": 0, "was": "", "text": "Mine."}]}
    path = f"/api/sessions/{session_of(me)}/transcript/corrections"
    assert boss("PUT", path, json=change).status_code == 404
    assert boss("PUT", standing(me), json={"granted": True}).status_code == 404
    narrow, _ = supervision.reading(resources, _caller(office, boss), _id(me))
    with narrow.database.transaction(office.caller.practice_id) as db:
        assert db.scalars(text("SELECT id::text FROM sessions")).all() == [session_of(me)]
        assert db.scalar(text("SELECT count(*) FROM patients")) == 1
        assert db.scalar(text("SELECT count(*) FROM outputs WHERE session_id <> :id"), {"id": _id(me)}) == 0
    with pytest.raises(DatabaseError), narrow.database.transaction(office.caller.practice_id) as db:
        db.execute(text("UPDATE sessions SET language = 'en'"))


def test_rows_about_other_sessions_do_not_show_and_grants_are_not_changed(
    me: Clinician, boss: Clinician, resources: Resources, office: Office
) -> None:
    grant(me)
    other = sample.put(resources, office)
    narrow, _ = supervision.reading(resources, _caller(office, boss), _id(me))
    practice_id = office.caller.practice_id
    with resources.database.transaction(practice_id) as db:
        assert db.scalar(text("SELECT count(DISTINCT session_id) FROM steps")) == 2
    with narrow.database.transaction(practice_id) as db:
        assert db.scalars(text("SELECT DISTINCT session_id FROM steps")).all() == [_id(me)]
        assert (
            db.scalar(text("SELECT count(*) FROM session_events WHERE session_id <> :id"), {"id": _id(me)})
            == 0
        )
        db.execute(text("DELETE FROM supervision_grants"))
    assert boss("GET", opened(me)).status_code == 200
    copied = (
        "INSERT INTO supervision_grants (session_id, practice_id, therapist_id, supervisor_id)"
        " SELECT :other, practice_id, therapist_id, supervisor_id FROM supervision_grants"
    )
    with pytest.raises(DatabaseError), narrow.database.transaction(practice_id) as db:
        db.execute(text(copied), {"other": other})


def test_psychotherapy_notes_stay_closed(
    me: Clinician, boss: Clinician, resources: Resources, office: Office
) -> None:
    process_notes.write(resources, office.caller, _id(me), "My own.", None)
    grant(me)
    narrow, _ = supervision.reading(resources, _caller(office, boss), _id(me))
    with narrow.database.transaction(office.caller.practice_id) as db:
        assert db.scalar(text("SELECT count(*) FROM process_notes")) == 0


def test_it_ends_with_the_supervision_and_with_a_restore(
    me: Clinician, boss: Clinician, resources: Resources
) -> None:
    grant(me)
    supervise(resources, me, None)
    assert boss("GET", opened(me)).status_code == 404
    assert boss("GET", "/api/supervision").json["open"] == []
    answer = me("PUT", standing(me), json={"granted": True})
    assert (answer.status_code, answer.json["code"]) == (409, "no_supervisor")
    supervise(resources, me, boss)
    assert boss("GET", opened(me)).status_code == 200
    removals.end_access(resources, keys_too=False)
    assert boss("GET", opened(me)).status_code == 404


def test_a_session_that_is_open_can_be_deleted(
    me: Clinician, boss: Clinician, resources: Resources, office: Office
) -> None:
    grant(me)
    deletion.delete(resources, office.caller, _id(me))
    assert boss("GET", opened(me)).status_code == 404


def test_each_look_is_in_the_trail_as_supervision(
    me: Clinician, boss: Clinician, resources: Resources, office: Office
) -> None:
    grant(me)
    for path in everything_of(me):
        assert boss("GET", path).status_code == 200
    with everything(resources) as db:
        query = text("SELECT action FROM audit_events WHERE actor = :actor ORDER BY id")
        read = db.scalars(query, {"actor": f"supervision:{boss.id}"}).all()
    assert read == ["session.read", "audio.read", "waveform.read"]
    seen = me("GET", f"/api/patients/{office.patient_id}/access-log").json["entries"]
    assert "listened to the recording" in [one["what"] for one in seen if "(supervision)" in one["who"]]
    assert "let the supervisor hear and read the session" in [one["what"] for one in seen]


def test_pages_open_a_session_when_it_is_signed_and_close_it(
    me: Clinician, boss: Clinician, resources: Resources, office: Office
) -> None:
    mine = _browser(resources, office, me)
    theirs = _browser(resources, office, boss)
    session = session_of(me)
    assert "Supervision" in mine.get(f"/sessions/{session}").text
    alert = me("GET", "/api/risk-alerts").json[0]
    assert me("POST", f"/api/risk-alerts/{alert['id']}/acknowledge", json={}).status_code == 200
    assert "hear and read the session" in mine.get(f"/sessions/{session}/sign").text
    assert mine.submit(f"/sessions/{session}/sign", version="1", open="yes").status_code == 303
    assert "Open to you as a supervisor (1)" in theirs.get("/today").text
    assert f"/supervision/sessions/{session}" in theirs.get(f"/sessions/{session}/cosign").text
    page = theirs.get(f"/supervision/sessions/{session}")
    assert page.status_code == 200
    assert "I slept badly" in page.text
    assert "correct" not in page.text.casefold()
    assert "may hear and read" in mine.get(f"/sessions/{session}/supervision").text
    assert (
        mine.submit(f"/sessions/{session}/supervision", do="revoke", back="/supervision").status_code == 303
    )
    assert theirs.get(f"/supervision/sessions/{session}").status_code == 404
    assert "You opened no session" in mine.get("/supervision").text


@pytest.fixture
def server() -> Iterator[FakeApi]:
    with FakeApi() as fake:
        yield fake


def test_the_command_line_opens_lists_and_shows(
    server: FakeApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    session = "11111111-1111-4111-8111-111111111111"
    date = "2026-03-02T09:00:00Z"
    one = {"session_id": session, "session_date": date, "person": "Bo Supervisor", "granted_at": date}
    server.will("GET /api/supervision", Reply(200, {"open": [], "granted": [one]}))
    answer = {"supervisor": "Bo Supervisor", "granted_at": date}
    server.will(f"PUT /api/sessions/{session}/supervision", Reply(200, answer))
    server.will(f"GET /api/supervision/sessions/{session}", Reply(200, {"id": session}))
    Profile(server.url, KEY, ADMINISTRATOR_KEY).save(tmp_path)
    start = ["--data", str(tmp_path), "supervision"]
    assert run([*start, "list"]) == Exit.OK
    assert "Bo Supervisor" in capsys.readouterr().out
    assert run([*start, "grant", session]) == Exit.OK
    assert "may hear and read it" in capsys.readouterr().out
    assert run([*start, "show", session, "--json"]) == Exit.OK
    (put,) = [request for request in server.received if request.method == "PUT"]
    assert json.loads(put.body) == {"granted": True}


def _id(me: Clinician) -> UUID:
    return UUID(session_of(me))


def _caller(office: Office, boss: Clinician) -> Caller:
    return replace(office.caller, therapist_id=boss.id)


def _browser(resources: Resources, office: Office, who: Clinician) -> Browser:
    return browser_of(app_of(resources), resources, office.caller.practice_id, who.id)

"""Legal holds and rules of retention, without a script."""

from datetime import date
from uuid import UUID, uuid4

import pytest
from flask import Flask

from shared.domain.retention import RetentionEvent, RetentionKind
from shared.services.accounts import people
from shared.services.resources import Resources
from shared.services.retention import holds, rules
from tests.integration.access.test_second_factor import grow_stale
from tests.integration.browser import Browser, browser_of
from tests.integration.notes_calls import processed
from tests.servers import Office

HOLD = {"matter": "A v. B", "reason": "Subpoena of 12 May", "review_on": "2100-05-12"}
RULE = {"kind": "recording", "event": "session", "days": "0", "grace_days": "0"}


def administrator(app: Flask, resources: Resources, office: Office, name: str) -> Browser:
    person = people.create(resources, office.caller, name, "administrator")
    return browser_of(app, resources, office.caller.practice_id, person.id)


@pytest.fixture
def boss(app: Flask, resources: Resources, office: Office) -> Browser:
    return administrator(app, resources, office, "Ada Ministrator")


def hold_of(resources: Resources, office: Office) -> UUID:
    return holds.listed(resources, office.caller)[0].id


def test_a_hold_is_placed_and_lifted_by_two_administrators(
    app: Flask, boss: Browser, resources: Resources, office: Office
) -> None:
    assert "Nothing is on hold." in boss.get("/holds").text
    boss.get("/holds/new")
    placed = boss.submit("/holds/new", kind="patient", record=str(office.patient_id), **HOLD)
    assert (placed.status_code, placed.location) == (303, "/holds")
    page = boss.get("/holds").text
    assert "A v. B" in page
    assert str(office.patient_id) in page
    assert "Pat Ient" not in page
    path = f"/holds/{hold_of(resources, office)}"
    assert boss.submit(f"{path}/review", review_on="2100-06-01").status_code == 303
    assert 'value="2100-06-01"' in boss.get("/holds").text
    assert boss.submit(f"{path}/lift").status_code == 303
    assert "Another administrator confirms." in boss.get("/holds").text
    assert f"{path}/confirm" not in boss.get("/holds").text
    assert boss.submit(f"{path}/confirm").status_code == 409
    assert boss.submit(f"{path}/keep").status_code == 303
    assert boss.submit(f"{path}/lift").status_code == 303
    other = administrator(app, resources, office, "Bob Other")
    assert f"{path}/confirm" in other.get("/holds").text
    assert other.submit(f"{path}/confirm").status_code == 303
    assert "A v. B" not in other.get("/holds").text
    assert "Ada Ministrator asked, Bob Other confirmed" in other.get("/holds?lifted=true").text


def test_a_hold_on_a_session_keeps_it_from_being_deleted(
    me: Browser, boss: Browser, resources: Resources, office: Office
) -> None:
    session_id = processed(resources, office)
    boss.get("/holds/new")
    assert boss.submit("/holds/new", kind="session", record=str(session_id), **HOLD).status_code == 303
    me.get(f"/sessions/{session_id}/delete")
    assert me.submit(f"/sessions/{session_id}/delete", sure="yes").status_code == 409


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"record": "12"}, 422, "send the id of a patient"),
        ({"record": str(uuid4())}, 404, "no such patient"),
        ({"review_on": "2020-01-01"}, 422, "lies in the past"),
        ({"matter": " "}, 422, "The matter"),
    ],
)
def test_a_hold_that_is_refused_is_shown_again_with_its_reason(
    boss: Browser, office: Office, fields: dict[str, str], status: int, said: str
) -> None:
    boss.get("/holds/new")
    given = {"kind": "patient", "record": str(office.patient_id), **HOLD, **fields}
    answer = boss.submit("/holds/new", **given)
    assert answer.status_code == status
    assert said in answer.text
    assert "Subpoena of 12 May" in answer.text


def test_holds_and_rules_need_a_fresh_factor_and_are_not_for_therapists(
    me: Browser, boss: Browser, resources: Resources
) -> None:
    boss.get("/retention")
    for path in ("/holds", "/retention", "/retention/preview"):
        assert me.get(path).status_code == 403
    grow_stale(resources)
    assert boss.get("/holds/new").location == "/confirm?next=%2Fholds%2Fnew"
    for path, fields in (("/holds/new", HOLD), ("/retention", RULE), ("/retention/recording/remove", {})):
        assert boss.submit(path, **fields).location.startswith("/confirm")


def test_a_rule_is_set_previewed_and_removed(boss: Browser, resources: Resources, office: Office) -> None:
    session_id = processed(resources, office)
    assert "Nothing is removed by itself." in boss.get("/retention").text
    assert boss.submit("/retention", **RULE).status_code == 303
    assert "0 days after the session" in boss.get("/retention").text
    found = boss.get("/retention/preview?days=1").text
    assert str(session_id) in found
    assert "0 days after the session" in found
    assert "A legal hold" not in found
    target = holds.Target(patient_id=office.patient_id)
    review = date(2100, 1, 1)
    holds.place(resources, office.caller, target, matter="A", reason="B", review_on=review)
    assert "A legal hold" in boss.get("/retention/preview?days=1").text
    assert boss.submit("/retention/recording/remove").status_code == 303
    assert "Nothing is removed by itself." in boss.get("/retention").text
    assert boss.submit("/retention/recording/remove").status_code == 404
    assert boss.submit("/retention/nonsense/remove").status_code == 404


def test_the_preview_says_what_an_unknown_age_keeps(
    boss: Browser, resources: Resources, office: Office
) -> None:
    processed(resources, office)
    kind, event = RetentionKind.SESSION, RetentionEvent.MAJORITY
    rules.set_rule(resources, office.caller, kind, event, days=1, grace_days=0)
    page = boss.get("/retention/preview?days=99999999").text
    assert "What goes within 366 days" in page
    assert "Whole sessions, with signed notes: 1" in page


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"days": "-1"}, "whole number"),
        ({"days": "36501"}, "from 0 to 36500"),
        ({"grace_days": "366"}, "from 0 to 365"),
        ({"kind": "nonsense"}, "choose one of the list"),
        ({"kind": "session", "event": "signed"}, "not counted from a signature"),
    ],
)
def test_a_rule_that_is_refused_is_shown_again_with_what_is_wrong(
    boss: Browser, fields: dict[str, str], said: str
) -> None:
    boss.get("/retention")
    answer = boss.submit("/retention", **{**RULE, **fields})
    assert answer.status_code == 422
    assert said in answer.text

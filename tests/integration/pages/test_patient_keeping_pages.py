"""How long a patient is kept, deletion and receipt, and disclosures, without a script."""

from datetime import date

import pytest

from shared.domain.retention import RetentionEvent, RetentionKind
from shared.services.resources import Resources
from shared.services.retention import holds, rules
from shared.services.retention.holds import Target
from tests.integration.access.test_second_factor import grow_stale
from tests.integration.browser import Browser
from tests.integration.privacy.test_patient_deletion import processed
from tests.servers import Office

FAR = date(2100, 1, 1)


@pytest.fixture
def path(office: Office) -> str:
    return f"/patients/{office.patient_id}"


def test_the_year_of_birth_and_the_exception_are_set_and_removed(me: Browser, path: str) -> None:
    assert f'href="{path}/keeping"' in me.get(path).text
    me.get(f"{path}/keeping")
    answer = me.submit(f"{path}/keeping", birth_year="2011", keep_until="2040-01-31")
    assert answer.status_code == 303
    page = me.get(f"{path}/keeping").text
    assert 'value="2011"' in page
    assert 'value="2040-01-31"' in page
    assert "Ient" not in page.split("<title>")[1].split("</title>")[0]
    assert me.submit(f"{path}/keeping", birth_year="", keep_until="").status_code == 303
    assert 'value="2011"' not in me.get(f"{path}/keeping").text
    refused = me.submit(f"{path}/keeping", birth_year="1899")
    assert (refused.status_code, "from 1900 to 2200" in refused.text) == (422, True)


def test_a_patient_is_deleted_with_signed_notes_only_where_both_boxes_are_ticked(
    me: Browser, path: str, resources: Resources, office: Office
) -> None:
    processed(resources, office)
    processed(resources, office, signed=True)
    page = me.get(f"{path}/deletion").text
    assert "2 sessions: recordings" in page
    assert "Also the signed notes of 1 session," in page
    assert me.submit(f"{path}/deletion").status_code == 422
    refused = me.submit(f"{path}/deletion", sure="yes")
    assert (refused.status_code, "Tick the second box" in refused.text) == (409, True)
    assert me.get(path).status_code == 200
    answer = me.submit(f"{path}/deletion", sure="yes", signed_too="yes")
    assert (answer.status_code, answer.location) == (303, f"{path}/receipt")
    receipt = me.get(f"{path}/receipt").text
    assert "Everything is deleted: 2 sessions" in receipt
    assert "Ient" not in receipt
    assert me.get(path).status_code == 404
    for link in (part.split('"')[0] for part in receipt.split('href="/api')[1:]):
        assert me.get(f"/api{link}").status_code == 200


def test_what_stays_is_said_before_and_in_the_receipt(
    me: Browser, path: str, resources: Resources, office: Office
) -> None:
    held = processed(resources, office)
    kept = processed(resources, office, signed=True)
    processed(resources, office)
    target = Target(session_id=held)
    holds.place(resources, office.caller, target, matter="A", reason="B", review_on=FAR)
    kind, event = RetentionKind.SIGNED_MINIMUM, RetentionEvent.SESSION
    rules.set_rule(resources, office.caller, kind, event, days=3650, grace_days=0)
    page = me.get(f"{path}/deletion").text
    assert "A legal hold keeps 1 session," in page
    assert "still keeps 1 session with signed notes" in page
    assert me.submit(f"{path}/deletion", sure="yes", signed_too="yes").status_code == 303
    receipt = me.get(f"{path}/receipt").text
    assert "1 session is deleted, 2 stay" in receipt
    assert f'/sessions/{held}">' in receipt
    assert f'/sessions/{kept}">' in receipt
    assert "a legal hold" in receipt
    assert me.get(path).status_code == 200


def test_a_patient_on_hold_is_not_offered_for_deletion(
    me: Browser, path: str, resources: Resources, office: Office
) -> None:
    target = Target(patient_id=office.patient_id)
    holds.place(resources, office.caller, target, matter="A", reason="B", review_on=FAR)
    page = me.get(f"{path}/deletion").text
    assert "A legal hold keeps this patient." in page
    assert 'name="sure"' not in page
    assert me.submit(f"{path}/deletion", sure="yes").status_code == 409


def test_a_deletion_needs_a_fresh_factor_and_a_receipt_a_deletion(
    me: Browser, path: str, resources: Resources
) -> None:
    me.get(f"{path}/keeping")
    assert me.get(f"{path}/receipt").status_code == 404
    grow_stale(resources)
    assert (me.get(f"{path}/deletion").location or "").startswith("/confirm?next=")
    assert (me.submit(f"{path}/deletion", sure="yes").location or "").startswith("/confirm")
    assert me.get(path).status_code == 200


def test_a_disclosure_is_recorded(me: Browser, path: str) -> None:
    me.get(f"{path}/access")
    given = {"recipient": "Court of A", "what": "A letter of two pages", "purpose": "public_health"}
    answer = me.submit(f"{path}/disclosures", **given, on="2026-01-05")
    assert (answer.status_code, answer.location) == (303, f"{path}/access")
    line = me.get(f"{path}/access").text.split("<tbody>")[1].split("</tbody>")[0]
    for said in ("5 Jan 2026", "Court of A", "A letter of two pages", "public health", "A therapist"):
        assert said in line


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"recipient": " "}, "To whom"),
        ({"purpose": "nonsense"}, "choose one of the list"),
        ({"on": "2100-01-01"}, "still to come"),
        ({"what": "a" * 301}, "What was given"),
    ],
)
def test_a_disclosure_that_is_refused_is_shown_again(
    me: Browser, path: str, fields: dict[str, str], said: str
) -> None:
    me.get(f"{path}/access")
    given = {"recipient": "Court of A", "what": "A letter", "purpose": "legal", **fields}
    answer = me.submit(f"{path}/disclosures", **given)
    assert answer.status_code == 422
    assert said in answer.text
    assert f'value="{given["what"]}"' in answer.text

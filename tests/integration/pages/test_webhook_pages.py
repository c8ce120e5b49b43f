"""Webhooks, without a script."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from shared.domain.webhooks import EventType
from shared.services.resources import Resources
from shared.services.webhooks import endpoints
from tests.database import everything
from tests.integration.browser import Browser, browser_of
from tests.servers import Office

URL = "https://records.example/hook?token=1"


def add(boss: Browser, **fields: Any) -> Any:
    boss.get("/webhooks")
    given = {"url": URL, "label": "Records", "event": ["session.processed", "notes.signed"], **fields}
    return boss.submit("/webhooks", **given)


def test_a_webhook_is_added_and_its_secret_is_shown_once(
    boss: Browser, resources: Resources, office: Office
) -> None:
    assert "There is none yet." in boss.get("/webhooks").text
    page = add(boss).text
    assert "whsec_" in page
    assert "whsec_" not in boss.get("/webhooks").text
    made = endpoints.listed(resources, office.caller)[0]
    assert (made.url, made.label) == (URL, "Records")
    assert set(made.events) == {EventType.PROCESSED, EventType.NOTES_SIGNED}
    assert URL in boss.get(f"/webhooks/{made.id}").text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"url": "http://records.example/"}, "must begin with https://"),
        ({"url": "https://10.0.0.1/"}, "not a public one"),
        ({"event": []}, "at least one event"),
        ({"label": "a" * 101}, "The name"),
    ],
)
def test_a_webhook_that_is_refused_is_shown_again(boss: Browser, fields: dict[str, Any], said: str) -> None:
    answer = add(boss, **fields)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="session.failed">' in answer.text


def test_a_webhook_is_tested_paused_resumed_and_removed(
    boss: Browser, resources: Resources, office: Office
) -> None:
    add(boss)
    path = f"/webhooks/{endpoints.listed(resources, office.caller)[0].id}"
    assert boss.submit(f"{path}/test").status_code == 303
    assert "webhook.test" in boss.get(path).text
    assert "Send again" not in boss.get(path).text
    with everything(resources) as db:
        db.execute(text("UPDATE webhook_deliveries SET state = 'failed', ended_at = now()"))
    page = boss.get(path).text
    again = next(part.split('"')[0] for part in page.split('action="') if "/replay" in part.split('"')[0])
    assert boss.submit(again).status_code == 303
    assert "Waiting" in boss.get(path).text
    assert boss.submit(f"{path}/pause", paused="yes").status_code == 303
    assert "Paused on request." in boss.get(path).text
    assert boss.submit(f"{path}/test").status_code == 409
    assert boss.submit(f"{path}/pause", paused="no").status_code == 303
    assert "Paused" not in boss.get(path).text
    assert boss.submit(f"{path}/remove").status_code == 303
    assert boss.get(path).status_code == 404


def test_webhooks_are_not_for_therapists(app: Flask, resources: Resources, office: Office) -> None:
    me = browser_of(app, resources, office.caller.practice_id, office.caller.therapist_id)
    assert me.get("/webhooks").status_code == 403

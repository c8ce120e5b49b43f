"""How people like the pages is kept for each of them, and their pages follow."""

import pytest
from flask import Flask
from sqlalchemy import text

from shared.services.accounts import people
from shared.services.resources import Resources
from tests.database import everything
from tests.integration.api_client import Caller
from tests.integration.browser import browser_of
from tests.servers import Office

PATH = "/api/preferences"


def test_what_is_chosen_counts_for_one_person_in_every_browser(
    app: Flask, call: Caller, resources: Resources, office: Office
) -> None:
    practice_id, who = office.caller.practice_id, office.caller.therapist_id
    assert call("GET", PATH).json == {"theme": "system", "playback_speed": 1.0}
    assert call("PATCH", PATH, json={"playback_speed": 1.75}).json == {
        "theme": "system",
        "playback_speed": 1.75,
    }
    page = browser_of(app, resources, practice_id, who)
    assert page.submit("/account/preferences", theme="dark").location == "/account?done=preferences"
    shown = browser_of(app, resources, practice_id, who).get("/account").text
    assert 'data-theme="dark"' in shown
    assert '<meta name="color-scheme" content="dark">' in shown
    assert call("GET", PATH).json == {"theme": "dark", "playback_speed": 1.75}
    other = people.create(resources, office.caller, "Another", "therapist")
    theirs = browser_of(app, resources, practice_id, other.id)
    assert theirs("GET", PATH).json == {"theme": "system", "playback_speed": 1.0}
    with everything(resources) as db:
        made = db.execute(text("SELECT count(*) FROM audit_events WHERE action = 'preferences.change'"))
        assert made.scalar_one() == 2


@pytest.mark.parametrize(
    "wrong", [{"theme": "pink"}, {"playback_speed": 4}, {"playback_speed": 0.6}, {"x": 1}, {}]
)
def test_what_the_pages_cannot_do_is_refused(call: Caller, wrong: dict[str, object]) -> None:
    assert call("PATCH", PATH, json=wrong).status_code == 422

"""Templates, engines and the audit trail, without a script."""

import pytest

from shared.services.resources import Resources
from tests.integration.browser import Browser
from tests.integration.notes_calls import processed
from tests.servers import Office
from web.practice import audit


def test_a_template_is_made_used_changed_and_deleted(boss: Browser) -> None:
    assert "built in" in boss.get("/templates").text
    boss.get("/templates/new")
    parts = {"title.0": "Why", "instruction.0": "Reasons.", "title.1": "Plan", "sources.1": "tasks"}
    assert boss.submit("/templates/new", title="Intake", **parts).status_code == 303
    page = boss.get("/templates").text
    assert "Why, Plan" in page
    path = next(part.split('"')[0] for part in page.split('href="')[1:] if part.startswith("/templates/"))
    own = next(
        part.split('"')[0]
        for part in page.split('href="')[1:]
        if part.startswith("/templates/") and not part.startswith("/templates/new")
    )
    assert path == "/templates/new"
    shown = boss.get(own).text
    assert "Reasons." in shown
    assert 'value="tasks" checked' in shown
    assert boss.submit("/templates/usual", name="intake").status_code == 303
    assert boss.submit(f"{own}/delete").status_code == 409
    assert boss.submit(own, title="Intake", **{"title.0": "All"}).status_code == 303
    assert boss.submit("/templates/usual", name="soap").status_code == 303
    assert boss.submit(f"{own}/delete").status_code == 303
    assert own not in boss.get("/templates").text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"title": "Intake"}, "at least one part"),
        ({"title": "Intake", "title.0": "Why", "title.1": "why"}, "same title"),
        ({"title": "1st", "title.0": "Why"}, "Begin each title with a letter"),
        ({"title": "", "title.0": "Why"}, "The title"),
        ({"title": "SOAP", "title.0": "Why"}, "of this name"),
    ],
)
def test_a_template_that_cannot_be_kept_is_shown_again_with_what_is_wrong(
    boss: Browser, fields: dict[str, str], said: str
) -> None:
    boss.get("/templates/new")
    answer = boss.submit("/templates/new", **fields)
    assert answer.status_code in (409, 422)
    assert said in answer.text
    if "title.0" in fields:
        assert f'value="{fields["title.0"]}"' in answer.text


def test_the_trail_tells_who_read_what_and_holds_no_word_of_it(
    me: Browser, boss: Browser, resources: Resources, office: Office
) -> None:
    session_id = processed(resources, office)
    assert me.get(f"/sessions/{session_id}").status_code == 200
    page = boss.get("/audit").text
    assert "session.read" in page
    assert "A therapist" in page
    assert "Ient" not in page
    about = boss.get(f"/audit?record={session_id}").text
    assert "session.read" in about
    assert "patient.read" not in about.split("<tbody>")[1]
    mine = boss.get(f"/audit?person={office.caller.therapist_id}").text.split("<tbody>")[1]
    assert "trail.read" not in mine
    assert me.get("/audit").status_code == 403
    assert boss.get("/audit?before=1").text.count("<tr>") == 0


def test_the_trail_is_filtered_and_given_as_a_file(
    me: Browser, boss: Browser, resources: Resources, office: Office
) -> None:
    session_id = processed(resources, office)
    me.get(f"/sessions/{session_id}")
    page = boss.get(f"/audit?patient={office.patient_id}&action=session&since=2020-01-01&until=").text
    assert "session.read" in page
    assert "therapist.create" not in page.split("<tbody>")[1]
    assert boss.get("/audit?until=2020-01-01").text.count("<tr>") == 0
    assert boss.get("/audit?action=a%00b&person=nonsense&since=never").status_code == 200
    link = page.split('href="/api/audit/export?')[1].split('"')[0].replace("&amp;", "&")
    rows = boss.get(f"/api/audit/export?{link}").text
    assert "session.read" in rows
    assert "therapist.create" not in rows


def test_the_trails_next_page_keeps_the_filters(
    me: Browser, boss: Browser, resources: Resources, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "_AT_ONCE", 1)
    session_id = processed(resources, office)
    for _ in range(2):
        me.get(f"/sessions/{session_id}")
    page = boss.get(f"/audit?person={office.caller.therapist_id}").text
    older = page.split('href="/audit?person=')[1].split('"')[0].replace("&amp;", "&")
    assert older.startswith(f"{office.caller.therapist_id}&before=")
    assert boss.get(f"/audit?person={older}").text.count("<tr>") == 2


def test_the_engine_and_its_words_are_chosen(me: Browser, boss: Browser, resources: Resources) -> None:
    usual = resources.settings.transcriber
    assert f"<strong>{usual}</strong>" in boss.get("/engines").text
    answer = boss.submit("/engines", transcriber=usual, vocabulary="Zoloft\r\n\r\n  Wandsworth  \r\n")
    assert answer.status_code == 303
    page = boss.get("/engines").text
    assert ">Zoloft\nWandsworth</textarea>" in page
    assert f'value="{usual}" selected' in page
    refused = boss.submit("/engines", transcriber="nonsense", vocabulary="")
    assert (refused.status_code, ">Zoloft\n" in refused.text) == (422, True)
    assert "at most 100 plain" in boss.submit("/engines", vocabulary="a" * 101).text
    assert "at most 500 lines" in boss.submit("/engines", vocabulary="a\n" * 501).text
    assert boss.submit("/engines").status_code == 303
    assert "Zoloft" not in boss.get("/engines").text
    assert me.get("/engines").status_code == 403


def test_sending_away_is_allowed_and_forbidden(boss: Browser) -> None:
    assert "stay on this server" in boss.get("/engines").text
    assert boss.submit("/engines/away", allowed="yes").status_code == 303
    assert "may go to computers of others. It was allowed on" in boss.get("/engines").text
    assert boss.submit("/engines/away").status_code == 422
    assert boss.submit("/engines/away", allowed="no").status_code == 303
    assert "stay on this server" in boss.get("/engines").text

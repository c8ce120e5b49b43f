"""The second factor, what needs a fresh one, and people who are invited."""

import re
from base64 import b32decode
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from shared.services.accounts import accounts
from shared.services.resources import Resources
from shared.services.sign_in import invitations, second_factor, waits
from tests.database import everything
from tests.integration.browser import PASSPHRASE, Browser, browser_of, give_login
from tests.integration.resumable import TUS
from tests.servers import Office

NAME = "a.therapist@example.org"
OWN = "/account/second-factor"


@pytest.fixture
def browser(app: Flask, resources: Resources, office: Office) -> Browser:
    """The therapist's, who has a login and no second factor yet."""
    give_login(resources, office.caller.practice_id, office.caller.therapist_id, NAME)
    return Browser(app)


@pytest.fixture
def administrator(app: Flask, resources: Resources, office: Office) -> Browser:
    practice_id = office.caller.practice_id
    boss = accounts.create_therapist(resources, practice_id, "Boss", accounts.ADMINISTRATOR)
    return browser_of(app, resources, practice_id, boss.id)


def code_of(resources: Resources, secret: str, *, steps: int = 0) -> str:
    """What the person's app shows, by the clock of the database."""
    with everything(resources) as db:
        now = db.execute(text("SELECT extract(epoch FROM now())")).scalar_one()
    return code_at(secret, int(now) // 30 + steps)


def code_at(secret: str, step: int) -> str:
    """The code of a half minute, counted from 1970."""
    padded = secret + "=" * (-len(secret) % 8)
    return TOTP(b32decode(padded), 6, SHA1(), 30).generate(30 * step).decode()  # noqa: S303


def secret_on(page: TestResponse) -> str:
    found = re.search(r'class="secret">([A-Z2-7 ]+)<', page.text)
    assert found is not None
    return found[1].replace(" ", "")


def set_up(browser: Browser, resources: Resources) -> tuple[str, list[str]]:
    """Sign in, add an app; its secret and the recovery codes."""
    browser.sign_in(NAME)
    secret = secret_on(browser.get(OWN))
    answer = browser.submit(OWN, shown=code_of(resources, secret))
    assert answer.status_code == 200, answer.text
    browser.get("/account")
    return secret, re.findall(r"<code>([a-z0-9-]+)</code>", answer.text)


def forget_last_code(resources: Resources) -> None:
    """Half a minute passes."""
    with everything(resources) as db:
        db.execute(text("UPDATE totp_factors SET last_step = 0"))


def grow_stale(resources: Resources) -> None:
    """A quarter of an hour passes in which people do something, but show no factor."""
    with everything(resources) as db:
        db.execute(text("UPDATE browser_sessions SET confirmed_at = now() - interval '15 minutes'"))


def test_a_therapist_gets_nowhere_without_setting_a_second_factor_up(
    browser: Browser, resources: Resources
) -> None:
    browser.sign_in(NAME)
    assert browser("GET", "/account").headers["Location"] == "/sign-in/second-factor?next=%2Faccount"
    assert browser("GET", "/sign-in/second-factor").headers["Location"] == OWN
    answer = browser("GET", "/api/sessions/")
    assert (answer.status_code, answer.json["code"]) == (401, "second_factor_needed")
    before = browser.cookie
    _, codes = set_up(browser, resources)
    assert len(set(codes)) == second_factor.CODES
    assert browser.cookie != before  # more rights, another cookie
    assert browser("GET", "/api/sessions/").status_code == 200
    assert "10 recovery codes left" in browser.get("/account").text


def test_from_then_on_a_passphrase_alone_opens_nothing(
    app: Flask, browser: Browser, resources: Resources
) -> None:
    secret, _ = set_up(browser, resources)
    other = Browser(app)
    other.sign_in(NAME)
    assert other("GET", "/api/sessions/").status_code == 401
    assert other("GET", OWN).headers["Location"] == "/sign-in/second-factor"
    page = other.get("/sign-in/second-factor")
    assert "Six digits" in page.text
    wrong = other.submit("/sign-in/second-factor", shown="000000")
    assert wrong.status_code == 422
    assert other.submit("/sign-in/second-factor", shown=PASSPHRASE).status_code == 422
    forget_last_code(resources)
    right = other.submit("/sign-in/second-factor", shown=code_of(resources, secret), next="/account")
    assert right.headers["Location"] == "/account"
    assert other("GET", "/api/sessions/").status_code == 200


def test_with_a_passphrase_alone_no_other_app_can_be_put_in_place(
    app: Flask, browser: Browser, resources: Resources
) -> None:
    set_up(browser, resources)
    thief = Browser(app)
    thief.sign_in(NAME)
    thief.get("/sign-in/second-factor")
    assert thief.submit(OWN, shown="000000").headers["Location"] == "/confirm"
    assert thief.submit(f"{OWN}/remove").headers["Location"].startswith("/sign-in/second-factor")
    assert thief.submit("/account/recovery-codes").headers["Location"].startswith("/sign-in/second-factor")


def test_a_code_works_once_and_for_a_minute(app: Flask, browser: Browser, resources: Resources) -> None:
    secret, _ = set_up(browser, resources)
    other = Browser(app)
    other.sign_in(NAME)
    other.get("/sign-in/second-factor")
    with everything(resources) as db:
        used = code_at(secret, db.execute(text("SELECT last_step FROM totp_factors")).scalar_one())
    assert other.submit("/sign-in/second-factor", shown=used).status_code == 422
    old, early = code_of(resources, secret, steps=-3), code_of(resources, secret, steps=3)
    for code in (old, early):
        assert other.submit("/sign-in/second-factor", shown=code).status_code == 422


def test_a_recovery_code_signs_in_once(app: Flask, browser: Browser, resources: Resources) -> None:
    _, codes = set_up(browser, resources)
    for status in (303, 422):
        other = Browser(app)
        other.sign_in(NAME)
        other.get("/sign-in/second-factor")
        assert other.submit("/sign-in/second-factor", shown=codes[3].upper()).status_code == status
    page = browser.get("/account").text
    assert "9 recovery codes left" in page
    assert "A recovery code was used" in page
    assert "A wrong code was tried" in page


def test_neither_secret_nor_recovery_code_lies_in_the_database(
    browser: Browser, resources: Resources
) -> None:
    secret, codes = set_up(browser, resources)
    with everything(resources) as db:
        rows = str(db.execute(text("SELECT totp_factors::text FROM totp_factors")).all())
        rows += str(db.execute(text("SELECT recovery_codes::text FROM recovery_codes")).all())
    raw = b32decode(secret + "=" * (-len(secret) % 8)).hex()
    assert len(rows) > 1000
    assert not [word for word in (secret, raw, *codes, codes[0].encode().hex()) if word in rows]


def test_guessing_codes_is_waited_for(browser: Browser, resources: Resources, app: Flask) -> None:
    set_up(browser, resources)
    other = Browser(app)
    other.sign_in(NAME)
    other.get("/sign-in/second-factor")
    statuses = [
        other.submit("/sign-in/second-factor", shown=f"00000{n}").status_code
        for n in range(waits.FREE_TRIES + 1)
    ]
    assert statuses == [422] * waits.FREE_TRIES + [429]


def test_new_recovery_codes_end_the_old_ones(app: Flask, browser: Browser, resources: Resources) -> None:
    _, codes = set_up(browser, resources)
    page = browser.submit("/account/recovery-codes")
    assert page.status_code == 200
    assert codes[0] not in page.text
    other = Browser(app)
    other.sign_in(NAME)
    other.get("/sign-in/second-factor")
    assert other.submit("/sign-in/second-factor", shown=codes[0]).status_code == 422


@pytest.mark.parametrize(
    ("method", "path", "fresh_status"),
    [
        ("POST", "/api/keys", 201),
        ("POST", "/api/sessions/{id}/notes/sign", 404),
        ("GET", "/api/sessions/{id}/process-notes", 404),
        ("DELETE", "/api/sessions/{id}", 404),
        ("DELETE", "/api/patients/{id}", 404),
    ],
)
def test_what_matters_most_needs_a_fresh_factor_in_a_browser(
    app: Flask, resources: Resources, office: Office, method: str, path: str, fresh_status: int
) -> None:
    caller = office.caller
    browser = browser_of(app, resources, caller.practice_id, caller.therapist_id)
    path = path.format(id="00000000-0000-4000-8000-000000000000")
    options: dict[str, Any] = {"json": {}} if method == "POST" else {}
    assert browser(method, path, **options).status_code == fresh_status
    grow_stale(resources)
    answer = browser(method, path, **options)
    assert (answer.status_code, answer.json["code"]) == (403, "confirmation_needed")
    assert browser("GET", "/api/sessions/").status_code == 200


def test_a_page_that_needs_a_fresh_factor_asks_for_it_and_comes_back(
    administrator: Browser, resources: Resources
) -> None:
    grow_stale(resources)
    headers = {"X-CSRF-Token": "", "Referer": "https://localhost/people"}
    data = {"csrf_token": administrator.csrf_token, "person_name": "Tess", "role": "therapist"}
    answer = administrator("POST", "/people", data=data, headers=headers)
    assert answer.headers["Location"] == "/confirm?next=%2Fpeople"
    assert administrator.get("/confirm").status_code == 200


def test_the_fresh_factor_of_who_has_none_is_the_passphrase(
    app: Flask, resources: Resources, administrator: Browser, office: Office
) -> None:
    boss = administrator("GET", "/api/whoami").json["therapist_id"]
    give_login(resources, office.caller.practice_id, boss, "boss")
    grow_stale(resources)
    assert administrator("POST", "/api/keys", json={}).status_code == 403
    administrator.get("/confirm")
    assert administrator.submit("/confirm", shown="not this one at all").status_code == 422
    assert administrator.submit("/confirm", shown=PASSPHRASE, next="/people").headers["Location"] == "/people"
    administrator.get("/account")
    assert administrator("POST", "/api/keys", json={}).status_code == 201


def test_a_person_is_invited_by_a_link_that_works_once(
    app: Flask, administrator: Browser, resources: Resources
) -> None:
    page = administrator.submit("/people", person_name="Tess Therapist", role="therapist")
    path = re.findall(r"https://localhost(/invitation/[a-z0-9-]+)", page.text)[0]
    invited = Browser(app)
    assert "You are invited" in invited.get(path).text
    fields = {"person_name": "Tess T.", "login_name": "tess@example.org", "passphrase": PASSPHRASE}
    assert invited.submit(path, **fields).status_code == 303
    assert invited("GET", "/").headers["Location"] == "/sign-in/second-factor"
    secret = secret_on(invited.get(OWN))
    assert invited.submit(OWN, shown=code_of(resources, secret)).status_code == 200
    assert invited("GET", "/api/whoami").json["role"] == "therapist"
    again = Browser(app).submit(path, **{**fields, "login_name": "eve@example.org"})
    assert "used already" in again.text
    assert "tess@example.org" in administrator.get("/people").text


def test_an_administrator_cannot_open_a_therapists_records_by_an_invitation(
    administrator: Browser, resources: Resources, office: Office
) -> None:
    page = administrator.submit(f"/people/{office.caller.therapist_id}/invite")
    assert page.status_code == 409
    assert f"sessionscribe recover {office.caller.therapist_id} --sign-in" in page.text


def test_an_invitation_ends_when_the_therapist_has_records(
    app: Flask, administrator: Browser, resources: Resources, office: Office
) -> None:
    page = administrator.submit("/people", person_name="Newcomer", role="therapist")
    path = re.findall(r"https://localhost(/invitation/[a-z0-9-]+)", page.text)[0]
    with everything(resources) as db:
        db.execute(
            text("UPDATE patients SET therapist_id = (SELECT id FROM therapists WHERE name = 'Newcomer')")
        )
    fields = {"person_name": "Newcomer", "login_name": "new", "passphrase": "marble otter lantern dusk"}
    assert Browser(app).submit(path, **fields).status_code == 422


def test_the_server_lets_a_person_choose_a_new_passphrase_and_the_second_factor_stays(
    app: Flask, browser: Browser, resources: Resources, office: Office
) -> None:
    set_up(browser, resources)
    code = invitations.recovery_code(resources, office.caller.therapist_id)
    other = Browser(app)
    fields = {"person_name": "A therapist", "login_name": NAME, "passphrase": "marble otter lantern dusk"}
    assert other.submit("/first-administrator", code=code, **fields).status_code == 303
    assert browser("GET", "/api/whoami").status_code == 401  # all sessions ended
    assert other("GET", "/api/whoami").json["code"] == "second_factor_needed"  # the app stays
    assert Browser(app).sign_in(NAME).status_code == 401


def test_people_are_disabled_and_enabled_by_a_form(
    app: Flask, administrator: Browser, resources: Resources, office: Office
) -> None:
    caller = office.caller
    person = browser_of(app, resources, caller.practice_id, caller.therapist_id)
    assert administrator.submit(f"/people/{caller.therapist_id}/disable").status_code == 303
    assert person("GET", "/api/whoami").status_code == 401
    assert "(disabled)" in administrator.get("/people").text
    assert administrator.submit(f"/people/{caller.therapist_id}/enable").status_code == 303


def test_a_practice_chooses_when_people_are_signed_out(
    app: Flask, administrator: Browser, resources: Resources, office: Office
) -> None:
    caller = office.caller
    person = browser_of(app, resources, caller.practice_id, caller.therapist_id)
    assert 'name="idle-seconds" content="900"' in person.get("/account").text
    for wrong in ("4", "31", "", "ten"):
        assert administrator.submit("/people/idle", idle_minutes=wrong).status_code == 422
    assert administrator.submit("/people/idle", idle_minutes="5").status_code == 303
    assert 'name="idle-seconds" content="300"' in person.get("/account").text
    with everything(resources) as db:
        db.execute(text("UPDATE browser_sessions SET seen_at = now() - interval '6 minutes'"))
    assert person("GET", "/api/whoami").status_code == 401


def test_an_upload_under_way_goes_on_behind_the_lock_and_nothing_else(
    app: Flask, resources: Resources, office: Office
) -> None:
    caller = office.caller
    browser = browser_of(app, resources, caller.practice_id, caller.therapist_id)
    with everything(resources) as db:
        db.execute(text("UPDATE browser_sessions SET seen_at = now() - interval '20 minutes'"))
    path = "/api/uploads/00000000-0000-4000-8000-000000000000"
    assert browser("HEAD", path, headers=TUS).status_code == 404
    headers = {**TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    assert browser("PATCH", path, headers=headers, data=b"more").status_code == 404
    assert browser("GET", "/api/whoami").status_code == 401
    assert browser("DELETE", path, headers=TUS).status_code == 401


def test_an_act_in_a_page_keeps_its_person_signed_in(
    app: Flask, resources: Resources, office: Office
) -> None:
    caller = office.caller
    browser = browser_of(app, resources, caller.practice_id, caller.therapist_id)
    with everything(resources) as db:
        db.execute(text("UPDATE browser_sessions SET seen_at = now() - interval '14 minutes'"))
    assert browser("POST", "/account/act").status_code == 204
    with everything(resources) as db:
        query = "SELECT now() - seen_at < interval '1 minute' FROM browser_sessions"
        assert db.execute(text(query)).scalar_one()
    assert browser("GET", "/account/session").json["csrf_token"] == browser.csrf_token

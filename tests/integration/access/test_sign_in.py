"""People sign in with a name and a passphrase, and are signed out."""

import threading
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text

from shared.domain.errors import LimitReached
from shared.services.access.caller import SCOPES_OF_ROLE
from shared.services.accounts import accounts
from shared.services.resources import Resources
from shared.services.sign_in import browser_sessions, invitations, signing_in, waits
from shared.services.sign_in.browser_sessions import Client
from tests.database import everything
from tests.integration.api_client import caller_of
from tests.integration.browser import PASSPHRASE, Browser, browser_of, give_login
from tests.servers import Office, make_office

NAME = "a.boss@example.org"
FROM = Client("192.0.2.7", "A browser")


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app)


@pytest.fixture
def boss(resources: Resources, office: Office) -> UUID:
    """An administrator, who needs no second factor."""
    practice_id = office.caller.practice_id
    return accounts.create_therapist(resources, practice_id, "Ada Boss", accounts.ADMINISTRATOR).id


@pytest.fixture
def login(resources: Resources, office: Office, boss: UUID) -> str:
    """The administrator may sign in."""
    give_login(resources, office.caller.practice_id, boss, NAME)
    return NAME


@pytest.fixture
def signed_in(app: Flask, resources: Resources, office: Office) -> Browser:
    return browser_of(app, resources, office.caller.practice_id, office.caller.therapist_id)


def age(resources: Resources, column: str, by: timedelta) -> None:
    """Let all browser sessions be older."""
    with everything(resources) as db:
        db.execute(text(f"UPDATE browser_sessions SET {column} = {column} - :by"), {"by": by})


def actions(resources: Resources) -> list[str]:
    with everything(resources) as db:
        return list(db.scalars(text("SELECT action FROM audit_events ORDER BY id")))


def test_a_person_signs_in_and_is_the_same_caller_in_pages_and_api(
    browser: Browser, boss: UUID, login: str
) -> None:
    assert browser.sign_in(login).headers["Location"] == "/"
    assert "Ada Boss" in browser.get("/account").text
    me = browser("GET", "/api/whoami").json
    assert me["therapist_id"] == str(boss)
    assert set(me["scopes"]) == SCOPES_OF_ROLE["administrator"]


def test_how_the_login_name_is_typed_makes_no_difference(browser: Browser, login: str) -> None:
    assert browser.sign_in("  A.Boss@Example.ORG ").status_code == 303


def test_the_cookie_is_for_this_host_alone_and_out_of_reach_of_scripts(browser: Browser, login: str) -> None:
    cookie = browser.sign_in(login).headers["Set-Cookie"]
    assert cookie.startswith("__Host-sessionscribe=")
    for attribute in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
        assert attribute in cookie
    assert "Domain" not in cookie


def test_of_a_session_neither_cookie_nor_address_nor_browser_is_in_the_database(
    browser: Browser, resources: Resources, login: str
) -> None:
    browser.sign_in(login)
    assert browser.cookie is not None
    with everything(resources) as db:
        row = str(db.execute(text("SELECT browser_sessions::text FROM browser_sessions")).scalar_one())
    for word in (browser.cookie, "127.0.0.1", "Werkzeug"):
        assert word not in row
        assert word.encode().hex() not in row


def test_a_wrong_passphrase_and_an_unknown_name_get_the_same_answer(
    browser: Browser, login: str, resources: Resources
) -> None:
    wrong = browser.sign_in(login, "another passphrase")
    unknown = browser.sign_in("stranger@example.org", "another passphrase")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.text.replace(login, "") == unknown.text.replace("stranger@example.org", "")
    assert browser.cookie is None


def test_an_unknown_name_costs_a_hash_too(
    resources: Resources, office: Office, monkeypatch: pytest.MonkeyPatch, browser: Browser
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(signing_in.passphrases, "matches", lambda kept, _: bool(asked.append(kept)))
    browser.sign_in("stranger@example.org")
    assert asked == [signing_in.passphrases.NONE]


def test_a_disabled_person_neither_signs_in_nor_stays_signed_in(
    browser: Browser, signed_in: Browser, resources: Resources, login: str
) -> None:
    assert signed_in("GET", "/api/whoami").status_code == 200
    with everything(resources) as db:
        db.execute(text("UPDATE therapists SET disabled_at = now()"))
    assert signed_in("GET", "/api/whoami").status_code == 401
    assert browser.sign_in(login).status_code == 401


def test_after_five_wrong_tries_the_account_waits_also_from_elsewhere(
    resources: Resources, browser: Browser, login: str
) -> None:
    for _ in range(waits.FREE_TRIES):
        assert browser.sign_in(login, "another passphrase").status_code == 401
    answer = browser.sign_in(login)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= waits.FIRST_SECONDS
    with pytest.raises(LimitReached):
        signing_in.sign_in(resources, login, PASSPHRASE, FROM)


def test_the_guesses_of_others_do_not_lock_a_known_device_out(
    app: Flask, browser: Browser, login: str
) -> None:
    assert browser.sign_in(login).status_code == 303
    browser.submit("/sign-out")
    other = Browser(app)
    for _ in range(waits.FREE_TRIES + 1):
        other.sign_in(login, "another passphrase")
    assert other.sign_in(login).status_code == 429
    assert browser.sign_in(login).status_code == 303
    page = browser.get("/account").text
    assert page.count("Signed in on a device that was not known") == 1


def test_a_known_device_waits_for_its_own_guesses(browser: Browser, login: str) -> None:
    browser.sign_in(login)
    browser.submit("/sign-out")
    statuses = [browser.sign_in(login, "another passphrase").status_code for _ in range(waits.FREE_TRIES + 1)]
    assert statuses == [401] * waits.FREE_TRIES + [429]


def test_an_unknown_name_waits_like_a_known_one(browser: Browser) -> None:
    statuses = [browser.sign_in("stranger@example.org").status_code for _ in range(waits.FREE_TRIES + 1)]
    assert statuses == [401] * waits.FREE_TRIES + [429]


def test_an_address_that_tries_many_names_waits(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waits, "FREE_TRIES_BY_ADDRESS", 3)
    address = waits.by_address(resources, "192.0.2.7")
    for number in range(3):
        waits.begin_try(resources, (waits.by_account(resources, f"name{number}"), address))
    with pytest.raises(LimitReached):
        waits.begin_try(resources, (waits.by_account(resources, "name3"), address))


def test_many_tries_at_once_are_no_way_around_the_wait(resources: Resources) -> None:
    subjects = (waits.by_account(resources, "name"),)
    refused: list[LimitReached] = []

    def attempt() -> None:
        try:
            waits.begin_try(resources, subjects)
        except LimitReached as error:
            refused.append(error)

    threads = [threading.Thread(target=attempt) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 12 - waits.FREE_TRIES


def test_a_right_passphrase_forgets_the_wrong_ones(browser: Browser, login: str) -> None:
    for _ in range(2):
        for _ in range(waits.FREE_TRIES - 1):
            assert browser.sign_in(login, "another passphrase").status_code == 401
        assert browser.sign_in(login).status_code == 303


def test_waits_double_up_to_a_quarter_of_an_hour() -> None:
    assert [waits.seconds_after(n) for n in (0, 1, 2, 5, 99)] == [30.0, 60.0, 120.0, 900.0, 900.0]


@pytest.mark.parametrize(
    ("column", "by"),
    [("seen_at", timedelta(minutes=15)), ("created_at", browser_sessions.ABSOLUTE)],
)
def test_a_session_ends_when_it_is_idle_or_old(
    signed_in: Browser, resources: Resources, column: str, by: timedelta
) -> None:
    age(resources, column, by - timedelta(minutes=1))
    assert signed_in("GET", "/api/whoami").status_code == 200
    age(resources, column, timedelta(minutes=2))
    assert signed_in("GET", "/api/whoami").json["code"] == "session_over"
    answer = signed_in("GET", "/account")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in?next=%2Faccount")


def test_what_a_page_asks_for_by_itself_keeps_nobody_signed_in(
    signed_in: Browser, resources: Resources
) -> None:
    def minutes_idle() -> float:
        with everything(resources) as db:
            query = "SELECT extract(epoch FROM now() - seen_at) / 60 FROM browser_sessions"
            return float(db.execute(text(query)).scalar_one())

    age(resources, "seen_at", timedelta(minutes=10))
    signed_in("GET", "/api/sessions/")
    assert minutes_idle() > 9
    signed_in.get("/account")
    assert minutes_idle() < 1


def test_signing_out_ends_the_session_on_the_server(signed_in: Browser) -> None:
    secret = signed_in.cookie
    assert secret is not None
    answer = signed_in.submit("/sign-out")
    assert answer.headers["Location"] == "/sign-in"
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert signed_in.cookie is None
    signed_in.take(secret)
    assert signed_in("GET", "/api/whoami").status_code == 401


def test_a_key_and_a_cookie_together_are_refused(
    app: Flask, signed_in: Browser, resources: Resources, office: Office
) -> None:
    key = caller_of(app, resources, office).key
    answer = signed_in("GET", "/api/whoami", headers={"Authorization": f"Bearer {key}"})
    assert (answer.status_code, answer.json["code"]) == (400, "two_credentials")


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, "cross_site"),
        ({"Sec-Fetch-Site": "same-site"}, "cross_site"),
        ({"Sec-Fetch-Site": ""}, "cross_site"),
        ({"Sec-Fetch-Site": "", "Origin": "https://evil.example"}, "cross_site"),
        ({"Sec-Fetch-Site": "", "Origin": "null"}, "cross_site"),
        ({"X-CSRF-Token": ""}, "csrf_token_wrong"),
        ({"X-CSRF-Token": "0" * 64}, "csrf_token_wrong"),
        ({"X-CSRF-Token": "é"}, "csrf_token_wrong"),
    ],
)
def test_another_site_changes_nothing_with_the_cookie(
    signed_in: Browser, headers: dict[str, str], code: str
) -> None:
    answer = signed_in("POST", "/api/patients", json={"name": "A. Patient"}, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (403, code)
    assert len(signed_in("GET", "/api/patients").json) == 1


@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": "", "Origin": "https://localhost"}])
def test_a_page_of_ours_changes_what_its_person_may(signed_in: Browser, headers: dict[str, str]) -> None:
    answer = signed_in("POST", "/api/patients", json={"name": "A. Patient"}, headers=headers)
    assert answer.status_code == 201


def test_another_site_signs_nobody_in(browser: Browser, login: str) -> None:
    data = {"login_name": login, "passphrase": PASSPHRASE}
    answer = browser("POST", "/sign-in", data=data, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert browser.cookie is None


@pytest.mark.parametrize(
    ("wanted", "location"),
    [
        ("/account", "/account"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("/a\nb", "/"),
    ],
)
def test_signing_in_goes_on_to_a_page_of_ours_alone(
    browser: Browser, login: str, wanted: str, location: str
) -> None:
    answer = browser.submit("/sign-in", login_name=login, passphrase=PASSPHRASE, next=wanted)
    assert answer.headers["Location"] == location


def test_a_new_passphrase_signs_all_other_devices_out(app: Flask, browser: Browser, login: str) -> None:
    other = Browser(app)
    other.sign_in(login)
    browser.sign_in(login)
    before = browser.cookie
    answer = browser.submit("/account/passphrase", old=PASSPHRASE, passphrase="marble otter lantern dusk")
    assert answer.headers["Location"] == "/account?done=passphrase"
    assert browser.cookie != before
    assert browser("GET", "/api/whoami").status_code == 200
    assert other("GET", "/api/whoami").status_code == 401
    assert Browser(app).sign_in(login).status_code == 401
    assert Browser(app).sign_in(login, "marble otter lantern dusk").status_code == 303


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("not this one at all", "marble otter lantern dusk", "The present passphrase is not right."),
        (PASSPHRASE, "too short", "Use 15 to 200 characters"),
    ],
)
def test_a_passphrase_is_changed_only_to_a_good_one_and_by_its_owner(
    browser: Browser, login: str, old: str, new: str, says: str
) -> None:
    browser.sign_in(login)
    answer = browser.submit("/account/passphrase", old=old, passphrase=new)
    assert answer.status_code == 422
    assert says in answer.text


def test_a_person_sees_their_devices_and_ends_one(
    app: Flask, resources: Resources, office: Office, signed_in: Browser
) -> None:
    caller = office.caller
    other = browser_of(app, resources, caller.practice_id, caller.therapist_id)
    page = signed_in.get("/account").text
    assert page.count('/end"') == 2
    assert "192.0.2.1" in page
    other_id = other("GET", "/api/whoami").json["key_id"]
    assert signed_in.submit(f"/account/devices/{other_id}/end").status_code == 303
    assert other("GET", "/api/whoami").status_code == 401
    assert signed_in("GET", "/api/whoami").status_code == 200


def test_nobody_ends_a_device_of_somebody_else(app: Flask, resources: Resources, signed_in: Browser) -> None:
    stranger = make_office(resources).caller
    other = browser_of(app, resources, stranger.practice_id, stranger.therapist_id)
    device = signed_in("GET", "/api/whoami").json["key_id"]
    assert other.submit(f"/account/devices/{device}/end").status_code == 404
    assert signed_in("GET", "/api/whoami").status_code == 200


def test_the_trail_tells_the_person_who_signed_in_and_who_tried(
    browser: Browser, resources: Resources, login: str
) -> None:
    browser.sign_in(login, "another passphrase")
    browser.sign_in(login)
    page = browser.get("/account").text
    assert page.index(" Signed in</li>") < page.index("A wrong passphrase was tried")
    browser.submit("/sign-out")
    about_it = [action for action in actions(resources) if action.startswith("sign_")]
    assert about_it == ["sign_in.failed", "sign_in.new_device", "sign_in", "sign_out"]


def test_lines_about_a_sign_in_say_from_where_and_in_which_browser_session(
    browser: Browser, resources: Resources, login: str
) -> None:
    browser.sign_in(login, "another passphrase")
    browser.sign_in(login)
    session_id = browser("GET", "/api/whoami").json["key_id"]
    browser.submit("/sign-out")
    with everything(resources) as db:
        query = text(
            "SELECT action, address, key_id FROM audit_events WHERE action LIKE 'sign_%' ORDER BY id"
        )
        lines = [(line.action, line.address, line.key_id and str(line.key_id)) for line in db.execute(query)]
    assert lines == [
        ("sign_in.failed", "127.0.0.1", None),
        ("sign_in.new_device", "127.0.0.1", session_id),
        ("sign_in", "127.0.0.1", session_id),
        ("sign_out", "127.0.0.1", session_id),
    ]


@pytest.fixture
def code(resources: Resources, office: Office, boss: UUID) -> str:
    code = invitations.first_administrator_code(resources, office.caller.practice_id)
    assert code is not None
    return code


def first(browser: Browser, code: str, **changes: str) -> object:
    fields = {"person_name": "Ada Boss", "login_name": "ada@example.org", "passphrase": PASSPHRASE}
    return browser.submit("/first-administrator", code=code, **{**fields, **changes})


def test_the_first_administrator_comes_with_a_code_once(
    app: Flask, browser: Browser, code: str, resources: Resources, office: Office
) -> None:
    assert "Become the first administrator" in browser.get("/sign-in").text
    assert first(browser, code.upper().replace("-", " ")).status_code == 303
    me = browser("GET", "/api/whoami").json
    assert me["role"] == "administrator"
    assert "Ada Boss" in browser.get("/account").text
    assert browser.get("/first-administrator").status_code == 404
    again = first(Browser(app), code, login_name="eve@example.org")
    assert "used already" in again.text
    assert Browser(app).sign_in("ada@example.org").status_code == 303
    assert invitations.first_administrator_code(resources, office.caller.practice_id) is None


def test_a_newer_code_ends_the_older_one(
    browser: Browser, code: str, resources: Resources, office: Office
) -> None:
    assert invitations.first_administrator_code(resources, office.caller.practice_id) != code
    assert first(browser, code).status_code == 422


def test_an_old_code_is_worth_nothing(browser: Browser, code: str, resources: Resources) -> None:
    with everything(resources) as db:
        db.execute(text("UPDATE invitations SET expires_at = now()"))
    assert first(browser, code).status_code == 422


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"code": "2222-2222-2222"}, "The code is not valid"),
        ({"person_name": " "}, "A name has"),
        ({"login_name": "a b c"}, "A login name has"),
        ({"login_name": "COLLEAGUE"}, "is taken"),
        ({"passphrase": "passwordpassword"}, "first that are guessed"),
    ],
)
def test_a_form_says_what_is_wrong_beside_the_field_and_keeps_the_rest(
    browser: Browser, resources: Resources, office: Office, code: str, changes: dict[str, str], says: str
) -> None:
    give_login(resources, office.caller.practice_id, office.caller.therapist_id, "colleague")
    answer = first(browser, **{"code": code, **changes})
    assert answer.status_code == 422
    assert answer.text.count(says) == 2  # in the summary and beside the field
    assert PASSPHRASE not in answer.text
    assert first(browser, code).status_code == 303


def test_wrong_codes_are_waited_for(browser: Browser, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waits, "FREE_TRIES_BY_ADDRESS", 2)
    for _ in range(2):
        assert first(browser, "2222-2222-2222").status_code == 422
    assert first(browser, code).status_code == 429


def test_pages_carry_the_strict_policy_and_are_kept_nowhere(browser: Browser, signed_in: Browser) -> None:
    for page in (browser.get("/sign-in"), signed_in.get("/account"), signed_in.get("/account/nothing")):
        policy = page.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; ")
        if page.status_code == 200:
            assert "require-trusted-types-for 'script'" in policy
            assert page.headers["Referrer-Policy"] == "same-origin"
        assert page.headers["Cache-Control"] == "no-store"


def test_static_files_are_kept_for_good_under_an_address_of_their_content(browser: Browser) -> None:
    page = browser.get("/sign-in").text
    address = page.split('rel="stylesheet" href="')[1].split('"')[0]
    answer = browser("GET", address)
    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.mimetype == "text/css"
    older = browser("GET", "/static/0000000000000000/site.css")
    assert older.headers["Cache-Control"] == "no-cache"
    assert browser("GET", address.replace("site.css", "../pages.py")).status_code == 404

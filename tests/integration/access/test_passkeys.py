"""Passkeys: they sign in alone, confirm, and are tied to this server, this challenge and their person."""

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from shared.services.accounts import accounts
from shared.services.resources import Resources
from tests.database import everything
from tests.fakes.authenticator import Authenticator
from tests.integration.access.test_second_factor import NAME, OWN, grow_stale, set_up
from tests.integration.api_client import app_of
from tests.integration.browser import Browser, browser_of, give_login
from tests.servers import Office, make_office

ADDED = "/account/passkeys"


@pytest.fixture
def browser(app: Flask, resources: Resources, office: Office) -> Browser:
    """The therapist's, signed in."""
    give_login(resources, office.caller.practice_id, office.caller.therapist_id, NAME)
    return browser_of(app, resources, office.caller.practice_id, office.caller.therapist_id)


@pytest.fixture
def passkey(browser: Browser) -> Authenticator:
    """A passkey of the therapist's."""
    device = Authenticator()
    assert add(browser, device).status_code == 200
    browser.get("/account")
    return device


def add(browser: Browser, device: Authenticator, name: str = "Laptop") -> TestResponse:
    options = browser("POST", f"{ADDED}/challenge", json={})
    if options.status_code != 200:
        return options
    return browser("POST", ADDED, json={"name": name, "credential": device.make(options.json)})


def challenge(browser: Browser) -> dict[str, Any]:
    options: dict[str, Any] = browser("POST", "/passkeys/challenge", json={}).json
    return options


def sign_in(browser: Browser, device: Authenticator, next: str = "/account") -> TestResponse:
    shown = {"credential": device.show(challenge(browser)), "next": next}
    return browser("POST", "/sign-in/passkey", json=shown)


def test_a_passkey_signs_in_alone(app: Flask, passkey: Authenticator, office: Office) -> None:
    other = Browser(app)
    assert sign_in(other, passkey).json == {"next": "/account"}
    assert other("GET", "/api/whoami").json["therapist_id"] == str(office.caller.therapist_id)
    page = other.get("/account").text
    assert "<strong>Laptop</strong>" in page
    assert "Signed in with a passkey" in page


def test_options_name_the_server_and_no_credential_of_anybody(app: Flask, passkey: Authenticator) -> None:
    options = challenge(Browser(app))
    assert options.keys() == {"challenge", "rpId", "userVerification"}
    assert (options["rpId"], options["userVerification"]) == ("localhost", "required")


def test_a_challenge_is_signed_once(app: Flask, passkey: Authenticator) -> None:
    shown = {"credential": passkey.show(challenge(Browser(app)))}
    assert Browser(app)("POST", "/sign-in/passkey", json=shown).status_code == 200
    assert Browser(app)("POST", "/sign-in/passkey", json=shown).status_code == 401


def test_an_old_challenge_is_worth_nothing(app: Flask, resources: Resources, passkey: Authenticator) -> None:
    shown = {"credential": passkey.show(challenge(Browser(app)))}
    with everything(resources) as db:
        db.execute(text("UPDATE passkey_challenges SET expires_at = now()"))
    assert Browser(app)("POST", "/sign-in/passkey", json=shown).status_code == 401


@pytest.mark.parametrize("sent", [{}, {"credential": {}}, {"credential": {"id": "x"}}, [], "x"])
def test_nonsense_is_refused_in_words(app: Flask, passkey: Authenticator, sent: Any) -> None:
    answer = Browser(app)("POST", "/sign-in/passkey", json=sent)
    assert (answer.status_code, answer.json["code"]) == (401, "passkey_not_known")


def test_another_key_another_page_and_a_device_that_does_not_ask_are_refused(
    app: Flask, passkey: Authenticator
) -> None:
    stranger, unasked = Authenticator(), Authenticator(verifies=False)
    stranger.credential_id = passkey.credential_id
    unasked.credential_id, unasked._key = passkey.credential_id, passkey._key
    for device in (Authenticator(), stranger, unasked):
        assert sign_in(Browser(app), device).status_code == 401
    passkey.origin = "https://localhost.evil.example"
    assert sign_in(Browser(app), passkey).status_code == 401
    passkey.origin = "https://localhost"
    assert sign_in(Browser(app), passkey).status_code == 200


def test_a_counter_that_counts_back_is_a_copy(app: Flask, passkey: Authenticator) -> None:
    passkey.counter = 5
    assert sign_in(Browser(app), passkey).status_code == 200
    for counter, status in ((5, 401), (4, 401), (0, 401), (6, 200)):
        passkey.counter = counter
        assert sign_in(Browser(app), passkey).status_code == status


def test_a_passkey_of_a_disabled_person_opens_nothing(
    app: Flask, resources: Resources, passkey: Authenticator
) -> None:
    with everything(resources) as db:
        db.execute(text("UPDATE therapists SET disabled_at = now()"))
    assert sign_in(Browser(app), passkey).status_code == 401


def test_it_goes_on_to_pages_of_ours_alone(app: Flask, passkey: Authenticator) -> None:
    assert sign_in(Browser(app), passkey, "//evil.example").json == {"next": "/"}


def test_a_new_therapist_may_begin_with_a_passkey(app: Flask, resources: Resources, office: Office) -> None:
    give_login(resources, office.caller.practice_id, office.caller.therapist_id, NAME)
    browser = Browser(app)
    browser.sign_in(NAME)
    browser.get(OWN)
    answer = add(browser, Authenticator())
    browser.csrf_token = answer.json["csrf_token"]  # with which its page asks for recovery codes
    assert browser.submit("/account/recovery-codes").text.count("<li><code>") == 10
    assert browser("GET", "/api/sessions/").status_code == 200


def test_a_passphrase_alone_adds_no_passkey_where_there_is_a_factor(
    app: Flask, resources: Resources, office: Office
) -> None:
    give_login(resources, office.caller.practice_id, office.caller.therapist_id, NAME)
    set_up(Browser(app), resources)
    thief = Browser(app)
    thief.sign_in(NAME)
    thief.get("/sign-in/second-factor")
    answer = add(thief, Authenticator())
    assert (answer.status_code, answer.json["code"]) == (403, "confirmation_needed")


def test_a_passkey_is_a_second_factor_and_confirms(
    app: Flask, resources: Resources, passkey: Authenticator
) -> None:
    browser = Browser(app)
    browser.sign_in(NAME)
    assert "Use a passkey" in browser.get("/sign-in/second-factor").text
    shown = {"credential": passkey.show(challenge(browser)), "next": "/account"}
    assert browser("POST", "/confirm/passkey", json=shown).json == {"next": "/account"}
    browser.get("/account")
    grow_stale(resources)
    assert browser("POST", "/api/keys", json={}).status_code == 403
    shown = {"credential": passkey.show(challenge(browser))}
    assert browser("POST", "/confirm/passkey", json=shown).status_code == 200
    browser.get("/account")
    assert browser("POST", "/api/keys", json={}).status_code == 201


def test_somebody_elses_passkey_confirms_nothing(
    app: Flask, resources: Resources, passkey: Authenticator
) -> None:
    stranger = make_office(resources).caller
    other = browser_of(app, resources, stranger.practice_id, stranger.therapist_id)
    shown = {"credential": passkey.show(challenge(other))}
    assert other("POST", "/confirm/passkey", json=shown).status_code == 401


def test_a_passkey_made_for_one_person_is_not_kept_for_another(
    app: Flask, resources: Resources, browser: Browser
) -> None:
    stranger = make_office(resources).caller
    other = browser_of(app, resources, stranger.practice_id, stranger.therapist_id)
    options = browser("POST", f"{ADDED}/challenge", json={}).json
    answer = other("POST", ADDED, json={"name": "", "credential": Authenticator().make(options)})
    assert (answer.status_code, answer.json["code"]) == (422, "passkey_not_taken")


def test_an_owner_removes_a_passkey_and_nobody_else_does(
    app: Flask, resources: Resources, browser: Browser, passkey: Authenticator
) -> None:
    with everything(resources) as db:
        passkey_id = db.execute(text("SELECT id FROM passkeys")).scalar_one()
    stranger = make_office(resources).caller
    other = browser_of(app, resources, stranger.practice_id, stranger.therapist_id)
    assert other.submit(f"{ADDED}/{passkey_id}/remove").status_code == 404
    assert browser.submit(f"{ADDED}/{passkey_id}/remove").status_code == 303
    assert sign_in(Browser(app), passkey).status_code == 401


@pytest.mark.parametrize("factor", ["passkeys", "app"])
def test_an_administrator_removes_a_lost_factor_and_the_person_is_told(
    app: Flask, resources: Resources, office: Office, factor: str
) -> None:
    practice_id, therapist_id = office.caller.practice_id, office.caller.therapist_id
    give_login(resources, practice_id, therapist_id, NAME)
    browser = Browser(app)
    set_up(browser, resources)
    if factor == "passkeys":
        assert add(browser, Authenticator()).status_code == 200
        with everything(resources) as db:
            db.execute(text("DELETE FROM totp_factors"))
    boss = accounts.create_therapist(resources, practice_id, "Boss", accounts.ADMINISTRATOR)
    administrator = browser_of(app, resources, practice_id, boss.id)
    path = f"/people/{therapist_id}/reset-factor"
    assert administrator.submit(path, factor="passphrase").status_code == 422
    assert administrator.submit(path, factor=factor).status_code == 303
    assert browser("GET", "/api/whoami").status_code == 401
    again = Browser(app)
    again.sign_in(NAME)
    assert again("GET", "/sign-in/second-factor").headers["Location"] == OWN
    again.get(OWN)
    again.csrf_token = add(again, Authenticator()).json.get("csrf_token", again.csrf_token)
    assert "An administrator removed a second factor" in again.get("/account").text


def test_at_a_public_address_passkeys_are_tied_to_it_alone(resources: Resources, office: Office) -> None:
    address = "https://notes.clinic.example"
    there = replace(resources, settings=replace(resources.settings, public_url=address))
    app = app_of(there)
    browser = browser_of(app, there, office.caller.practice_id, office.caller.therapist_id)
    assert challenge(browser)["rpId"] == "notes.clinic.example"
    assert add(browser, Authenticator("https://localhost")).status_code == 422
    for wrong in ("http://notes.clinic.example", "https://notes.clinic.example:8443"):
        assert add(browser, Authenticator(wrong)).status_code == 422
    assert add(browser, Authenticator(address)).status_code == 200


def test_an_address_by_number_leads_to_the_name_that_passkeys_need(app: Flask) -> None:
    answer = app.test_client().get("/sign-in?next=/account", base_url="http://127.0.0.1:8000")
    assert answer.headers["Location"] == "http://localhost:8000/sign-in?next=/account"

"""People sign in with an OpenID provider; each promise of the protocol is broken once."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from joserfc.jwk import ECKey
from sqlalchemy import text

from shared.services.resources import Resources
from shared.services.sign_in import invitations
from tests.database import everything
from tests.fakes.openid_provider import (
    CLIENT_ID,
    OpenIdProvider,
)
from tests.integration.access.provider_sign_in import (
    START,
    administrator,
    app,
    go_and_come_back,
    linked,
    person,
    provider,
    signed_out_there,
)
from tests.integration.api_client import app_of
from tests.integration.browser import PASSPHRASE, Browser, give_login
from tests.servers import Office

__all__ = ["administrator", "app", "linked", "person", "provider"]  # fixtures


def test_a_person_is_linked_by_an_invitation_and_signs_in(
    app: Flask, provider: OpenIdProvider, person: str, office: Office
) -> None:
    browser = Browser(app)
    answer = go_and_come_back(browser, provider, next="/account")
    assert 'content="0; url=/account"' in answer.text
    assert browser("GET", "/api/whoami").json["therapist_id"] == str(office.caller.therapist_id)
    page = browser.get("/account").text
    assert "Signed in with your organisation" in page
    assert "sign-in was linked" in page


def test_without_a_strong_method_at_the_provider_our_own_factor_is_needed(
    app: Flask, provider: OpenIdProvider, person: str
) -> None:
    provider.claims = {"amr": ["pwd"]}
    browser = Browser(app)
    go_and_come_back(browser, provider)
    assert browser("GET", "/api/whoami").json["code"] == "second_factor_needed"


def test_nobody_is_matched_by_a_mail_address_or_a_name(
    app: Flask, linked: Resources, provider: OpenIdProvider, office: Office
) -> None:
    give_login(linked, office.caller.practice_id, office.caller.therapist_id, "a@example.org")
    provider.claims = {"email": "a@example.org", "email_verified": True, "amr": ["mfa"]}
    browser = Browser(app)
    answer = go_and_come_back(browser, provider)
    assert answer.status_code == 403
    assert "No account is linked" in answer.text
    assert browser.cookie is None


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"iss": "https://evil.example"}, "issuer_wrong"),
        ({"aud": "another client"}, "audience_wrong"),
        ({"aud": [CLIENT_ID, "other"], "azp": "other"}, "audience_wrong"),
        ({"exp": 1}, "token_expired"),
        ({"exp": None}, "token_expired"),
        ({"nonce": "another"}, "nonce_wrong"),
        ({"sub": ""}, "subject_missing"),
    ],
)
def test_a_token_that_is_not_for_us_now_is_refused_by_a_word(
    app: Flask, provider: OpenIdProvider, person: str, claims: dict[str, Any], code: str
) -> None:
    provider.claims = claims
    browser = Browser(app)
    answer = go_and_come_back(browser, provider)
    assert answer.status_code == 403
    assert f"was not accepted: {code}" in answer.text
    assert browser.cookie is None


def test_a_token_with_another_key_is_refused_and_with_a_new_key_of_the_provider_taken(
    app: Flask, provider: OpenIdProvider, person: str
) -> None:
    old = provider.key
    provider.key = ECKey.generate_key("P-256", {"kid": "two", "use": "sig", "alg": "ES256"})
    assert go_and_come_back(Browser(app), provider).status_code == 200  # its keys are asked for again
    published, provider.key = provider.key, old
    token = provider.logout_token()
    provider.key = published
    assert signed_out_there(app, token).status_code == 400


def test_unknown_parameters_in_a_tokens_head_do_not_matter(
    app: Flask, provider: OpenIdProvider, person: str
) -> None:
    provider.header = {"x-vendor": "anything"}
    assert go_and_come_back(Browser(app), provider).status_code == 200


def test_the_way_back_is_for_the_browser_that_left(app: Flask, provider: OpenIdProvider, person: str) -> None:
    away = Browser(app)("GET", START)
    back = provider.authorize(away.headers["Location"])
    other = Browser(app)
    assert "sign_in_not_begun_here" in other("GET", f"{START}/callback?{urlencode(back)}").text
    other("GET", START)
    assert "state_wrong" in other("GET", f"{START}/callback?{urlencode(back)}").text


def test_a_practice_may_ask_for_the_provider_alone_but_for_break_glass(
    app: Flask,
    linked: Resources,
    provider: OpenIdProvider,
    person: str,
    office: Office,
    administrator: Browser,
) -> None:
    practice_id = office.caller.practice_id
    give_login(linked, practice_id, office.caller.therapist_id, "a@example.org")
    assert administrator.submit("/people/provider", only="yes").status_code == 303
    refused = Browser(app).sign_in("a@example.org")
    assert refused.status_code == 401
    assert "sign-in alone" in refused.text
    assert Browser(app).sign_in("a@example.org", "wrong passphrase here").text.count("sign-in alone") == 0
    assert go_and_come_back(Browser(app), provider).status_code == 200
    code = invitations.break_glass_code(linked, "A practice")
    fields = {"person_name": "Emergency", "login_name": "emergency", "passphrase": PASSPHRASE}
    assert Browser(app).submit("/first-administrator", code=code, **fields).status_code == 303
    assert Browser(app).sign_in("emergency").status_code == 303


def test_a_provider_that_is_away_is_said_to_be_away(app: Flask, linked: Resources) -> None:
    away = replace(linked, settings=replace(linked.settings, oidc_issuer="http://127.0.0.1:1"))
    answer = Browser(app_of(away))("GET", START)
    assert answer.status_code == 503


def test_without_a_provider_there_is_no_such_page(resources: Resources) -> None:
    plain = Browser(app_of(resources))
    assert plain("GET", START).status_code == 404
    assert START not in plain.get("/sign-in").text


def test_identities_lie_behind_the_wall(linked: Resources, provider: OpenIdProvider, person: str) -> None:
    with everything(linked) as db:
        row = db.execute(text("SELECT issuer, subject FROM provider_identities")).one()
    assert tuple(row) == (provider.issuer, "subject-1")

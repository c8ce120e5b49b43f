"""Signing out with an OpenID provider: here, there, and by its back channel."""

import html
import re
import time
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from joserfc import jwt
from joserfc.jws import JWSRegistry
from sqlalchemy import text
from werkzeug.test import TestResponse

from shared.services.resources import Resources
from tests.database import everything
from tests.fakes.openid_provider import (
    CLIENT_ID,
    LOGOUT_EVENT,
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
from tests.integration.browser import Browser, browser_of, give_login
from tests.servers import Office

__all__ = ["administrator", "app", "linked", "person", "provider"]  # fixtures


def test_signing_out_leads_to_the_provider_and_vouches_for_who_it_is(
    app: Flask, linked: Resources, provider: OpenIdProvider, person: str
) -> None:
    browser = Browser(app)
    go_and_come_back(browser, provider)
    browser.get("/account")
    page = browser.submit("/sign-out")
    assert "but not at your organisation" in page.text
    assert browser.cookie is None
    query = ended_there(provider, page)
    assert (query["client_id"], query["post_logout_redirect_uri"]) == (CLIENT_ID, "https://localhost/sign-in")
    # So the provider knows whose session it is, and need not ask.
    registry = JWSRegistry(algorithms=["ES256"], strict_check_header=False)
    vouched = jwt.decode(query["id_token_hint"], provider.key, registry=registry).claims
    assert (vouched["sub"], vouched["aud"]) == ("subject-1", CLIENT_ID)
    with everything(linked) as db:
        kept = text(
            "SELECT count(*) FROM browser_sessions WHERE id_token IS NOT NULL AND ended_at IS NOT NULL"
        )
        assert db.scalar(kept) == 0


def test_an_id_token_that_is_too_long_for_an_address_is_not_sent(
    app: Flask, provider: OpenIdProvider, person: str
) -> None:
    provider.claims = {"amr": ["mfa"], "groups": [f"group-{number}" for number in range(1000)]}
    browser = Browser(app)
    go_and_come_back(browser, provider)
    browser.get("/account")
    assert "id_token_hint" not in ended_there(provider, browser.submit("/sign-out"))


def ended_there(provider: OpenIdProvider, page: TestResponse) -> dict[str, str]:
    """What the link to the provider's end of the session says."""
    (address,) = re.findall(rf'href="({re.escape(provider.issuer)}/end\?[^"]*)"', page.text)
    query = parse_qs(urlsplit(html.unescape(address)).query)
    return {name: values[0] for name, values in query.items()}


@pytest.mark.parametrize("is_away", [False, True])
def test_signing_out_says_what_is_still_open_where_the_provider_has_no_page_for_it_or_is_away(
    linked: Resources, provider: OpenIdProvider, person: str, is_away: bool
) -> None:
    provider.end_session = False
    browser = Browser(app_of(linked))
    go_and_come_back(browser, provider)
    secret = browser.cookie
    # Another issuer that is away, or another client, to whom nothing of the provider is known yet.
    change = {"oidc_issuer": "http://127.0.0.1:1"} if is_away else {"oidc_client_id": "another"}
    leaving = Browser(app_of(replace(linked, settings=replace(linked.settings, **change))))
    leaving.take(secret or "")
    leaving.get("/account")
    page = leaving.submit("/sign-out")
    assert page.status_code == 200
    assert "names no page for that, or does not answer now" in page.text
    assert leaving.cookie is None
    assert browser("GET", "/api/whoami").status_code == 401


def test_after_signing_out_nothing_leads_to_the_provider_by_itself(
    app: Flask, provider: OpenIdProvider, person: str, administrator: Browser
) -> None:
    administrator.submit("/people/provider", only="yes")
    browser = Browser(app)
    go_and_come_back(browser, provider)
    browser.get("/account")
    browser.submit("/sign-out")
    asked = len(provider.asked)
    page = browser("GET", "/sign-in")
    assert page.status_code == 200
    assert f'href="{START}' in page.text
    assert "http-equiv" not in page.text
    assert browser("GET", "/today").location.startswith("/sign-in?")
    assert len(provider.asked) == asked


def is_signed_in(browser: Browser) -> bool:
    return browser("GET", "/api/whoami").status_code == 200


def come_in(app: Flask, provider: OpenIdProvider, sid: str | None = None) -> Browser:
    """A browser in which the person signs in, within this session of the provider."""
    provider.claims = {"amr": ["mfa"], "sid": sid}
    browser = Browser(app)
    assert go_and_come_back(browser, provider).status_code == 200
    return browser


def test_the_provider_ends_all_sessions_of_a_person_by_its_back_channel(
    app: Flask, provider: OpenIdProvider, person: str
) -> None:
    browsers = [come_in(app, provider), come_in(app, provider, "one")]
    answer = signed_out_there(app, provider.logout_token())
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    assert not any(map(is_signed_in, browsers))


@pytest.mark.parametrize("subject", [None, "subject-1"])
def test_the_provider_ends_just_the_session_that_it_names(
    app: Flask, provider: OpenIdProvider, person: str, subject: str | None
) -> None:
    first, second = come_in(app, provider, "one"), come_in(app, provider, "two")
    assert signed_out_there(app, provider.logout_token(sub=subject, sid="one")).status_code == 200
    assert [is_signed_in(browser) for browser in (first, second)] == [False, True]
    assert "signed you out on a device" in second.get("/account").text
    unknown = provider.logout_token(sub=subject, sid="three")
    assert signed_out_there(app, unknown).status_code == 200
    assert is_signed_in(second)


def test_a_session_of_which_the_provider_said_no_name_ends_with_any_that_it_names_for_the_person(
    app: Flask, linked: Resources, provider: OpenIdProvider, person: str, office: Office
) -> None:
    nameless, named = come_in(app, provider), come_in(app, provider, "two")
    give_login(linked, office.caller.practice_id, office.caller.therapist_id, "a@example.org")
    own = browser_of(app, linked, office.caller.practice_id, office.caller.therapist_id)
    assert signed_out_there(app, provider.logout_token(sid="one")).status_code == 200
    assert [is_signed_in(browser) for browser in (nameless, named, own)] == [False, True, True]


def test_another_persons_session_does_not_end_by_its_name_with_this_subject(
    app: Flask, provider: OpenIdProvider, person: str
) -> None:
    browser = come_in(app, provider, "one")
    assert signed_out_there(app, provider.logout_token(sub="subject-2", sid="one")).status_code == 200
    assert is_signed_in(browser)


NOW = int(time.time())


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"events": {}}, "no_logout_token"),
        ({"events": {LOGOUT_EVENT: True}}, "no_logout_token"),
        ({"events": {"http://schemas.openid.net/event/other": {}}}, "no_logout_token"),
        ({"events": None}, "no_logout_token"),
        ({"nonce": "any"}, "no_logout_token"),
        ({"jti": None}, "no_logout_token"),
        ({"iat": None}, "no_logout_token"),
        ({"iat": NOW - 3600, "exp": NOW + 3600}, "token_too_old"),
        ({"iat": NOW + 3600, "exp": NOW + 7200}, "token_too_old"),
        ({"exp": NOW - 3600}, "token_expired"),
        ({"sub": None, "sid": None}, "subject_missing"),
        ({"sub": None, "sid": 7}, "sid_unreadable"),
        ({"aud": "another client"}, "audience_wrong"),
        ({"iss": "https://evil.example"}, "issuer_wrong"),
    ],
)
def test_a_logout_token_that_breaks_a_rule_ends_nothing(
    app: Flask, provider: OpenIdProvider, person: str, claims: dict[str, Any], code: str
) -> None:
    browser = come_in(app, provider, "one")
    answer = signed_out_there(app, provider.logout_token(**{"sid": "one", **claims}))
    assert answer.status_code == 400
    assert f"was not accepted: {code}" in answer.text
    assert is_signed_in(browser)


def test_a_logout_token_is_obeyed_once(app: Flask, provider: OpenIdProvider, person: str) -> None:
    token = provider.logout_token()
    assert signed_out_there(app, token).status_code == 200
    later = come_in(app, provider)
    again = signed_out_there(app, token)
    assert again.status_code == 400
    assert "was not accepted: token_used" in again.text
    assert is_signed_in(later)


def test_no_id_token_of_a_sign_in_passes_for_a_logout_token(
    app: Flask, provider: OpenIdProvider, person: str
) -> None:
    browser = come_in(app, provider)
    assert signed_out_there(app, provider.token(nonce="any")).status_code == 400
    assert is_signed_in(browser)

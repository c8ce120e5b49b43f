"""People sign in with an OpenID provider; each promise of the protocol is broken once."""

import html
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from flask import Flask
from joserfc import jwt
from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry
from sqlalchemy import text
from werkzeug.test import TestResponse

from shared.services.accounts import accounts
from shared.services.resources import Resources
from shared.services.sign_in import invitations
from tests.database import everything
from tests.fakes.openid_provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    LOGOUT_EVENT,
    OpenIdProvider,
    running_provider,
)
from tests.integration.api_client import app_of
from tests.integration.browser import PASSPHRASE, Browser, browser_of, give_login
from tests.servers import Office

START = "/sign-in/provider"


@pytest.fixture
def provider() -> Iterator[OpenIdProvider]:
    with running_provider() as provider:
        yield provider


@pytest.fixture
def linked(resources: Resources, provider: OpenIdProvider) -> Resources:
    """Resources of a server that knows the provider."""
    known = {"oidc_issuer": provider.issuer, "oidc_client_id": CLIENT_ID, "oidc_client_secret": CLIENT_SECRET}
    return replace(resources, settings=replace(resources.settings, **known))


@pytest.fixture
def app(linked: Resources) -> Flask:
    return app_of(linked)


@pytest.fixture
def administrator(app: Flask, linked: Resources, office: Office) -> Browser:
    boss = accounts.create_therapist(linked, office.caller.practice_id, "Boss", accounts.ADMINISTRATOR)
    return browser_of(app, linked, office.caller.practice_id, boss.id)


@pytest.fixture
def person(
    app: Flask, linked: Resources, office: Office, provider: OpenIdProvider, administrator: Browser
) -> str:
    """The therapist comes with a code of the server, and is linked to ``subject-1``."""
    code = invitations.recovery_code(linked, office.caller.therapist_id)
    provider.claims = {"amr": ["pwd", "mfa"]}
    assert go_and_come_back(Browser(app), provider, invitation=code).status_code == 200
    return "subject-1"


def go_and_come_back(browser: Browser, provider: OpenIdProvider, **query: str) -> TestResponse:
    away = browser("GET", f"{START}?{urlencode(query)}")
    assert away.status_code == 303, away.text
    back = provider.authorize(away.headers["Location"])
    return browser("GET", f"{START}/callback?{urlencode(back)}")


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


def signed_out_there(app: Flask, token: str) -> TestResponse:
    """The provider's own call: it comes from no page."""
    path, headers = f"{START}/back-channel", {"Sec-Fetch-Site": ""}
    return Browser(app)("POST", path, data={"logout_token": token}, headers=headers)


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


def whoami(browser: Browser) -> tuple[int, str]:
    answer = browser("GET", "/api/whoami")
    return answer.status_code, answer.json.get("role") or answer.json.get("code")


def came_in(app: Flask, provider: OpenIdProvider, *groups: str) -> Browser:
    """A browser that comes back from the provider with these groups."""
    provider.claims = {"amr": ["mfa"], "groups": list(groups)}
    browser = Browser(app)
    go_and_come_back(browser, provider)
    return browser


def test_a_claim_lets_therapists_in_and_makes_no_administrator_unless_told(
    app: Flask, provider: OpenIdProvider, person: str, administrator: Browser, linked: Resources
) -> None:
    administrator.get("/people")
    set_to = administrator.submit("/people/provider-roles", claim="groups", therapists="clinicians")
    assert set_to.status_code == 303
    assert whoami(came_in(app, provider, "clinicians", "it")) == (200, "therapist")
    assert came_in(app, provider, "it").cookie is None
    with everything(linked) as db:
        seen = db.scalars(text("SELECT action FROM audit_events ORDER BY id")).all()
    assert {"practice.provider_roles", "provider.no_role"} <= set(seen)
    administrator.submit("/people/provider-roles", claim="")
    assert whoami(came_in(app, provider, "it")) == (200, "therapist")


def test_with_another_role_a_persons_keys_and_sessions_end(
    app: Flask,
    provider: OpenIdProvider,
    person: str,
    administrator: Browser,
    linked: Resources,
    office: Office,
) -> None:
    practice_id, therapist_id = office.caller.practice_id, office.caller.therapist_id
    _, key = accounts.create_key(linked, practice_id, therapist_id)
    before = came_in(app, provider)
    assert whoami(before) == (200, "therapist")
    told = {"claim": "groups", "therapists": "clinicians", "administrators": "it"}
    answer = administrator("PUT", "/api/practice/provider-roles", json=told)
    assert (answer.status_code, answer.json) == (200, told)
    assert whoami(came_in(app, provider, "it")) == (200, "administrator")
    assert whoami(before)[0] == 401
    refused = app.test_client().get("/api/whoami", headers={"Authorization": f"Bearer {key}"})
    assert refused.status_code == 401
    assert whoami(came_in(app, provider, "clinicians")) == (200, "therapist")
    wrong = {"claim": "groups"}
    assert administrator("PUT", "/api/practice/provider-roles", json=wrong).status_code == 422


def test_with_no_role_a_persons_keys_and_sessions_end(
    app: Flask,
    provider: OpenIdProvider,
    person: str,
    administrator: Browser,
    linked: Resources,
    office: Office,
) -> None:
    _, key = accounts.create_key(linked, office.caller.practice_id, office.caller.therapist_id)
    told = {"claim": "groups", "therapists": "clinicians"}
    assert administrator("PUT", "/api/practice/provider-roles", json=told).status_code == 200
    before = came_in(app, provider, "clinicians")
    assert whoami(before) == (200, "therapist")
    assert came_in(app, provider, "it").cookie is None
    assert whoami(before)[0] == 401
    refused = app.test_client().get("/api/whoami", headers={"Authorization": f"Bearer {key}"})
    assert refused.status_code == 401


def test_the_last_administrator_stays_one(
    app: Flask,
    provider: OpenIdProvider,
    person: str,
    administrator: Browser,
    linked: Resources,
    office: Office,
) -> None:
    told = {"claim": "groups", "therapists": "clinicians", "administrators": "it"}
    assert administrator("PUT", "/api/practice/provider-roles", json=told).status_code == 200
    assert whoami(came_in(app, provider, "it")) == (200, "administrator")
    with everything(linked) as db:  # the others are away
        others = "UPDATE therapists SET disabled_at = now() WHERE role = 'administrator' AND id <> :me"
        db.execute(text(others), {"me": office.caller.therapist_id})
    assert whoami(came_in(app, provider, "clinicians")) == (200, "administrator")
    with everything(linked) as db:
        seen = db.scalars(text("SELECT action FROM audit_events ORDER BY id")).all()
        db.execute(text("UPDATE therapists SET disabled_at = NULL"))
    assert "provider.role_kept" in seen
    assert whoami(came_in(app, provider, "clinicians")) == (200, "therapist")

"""A practice that signs in with an OpenID provider, for the tests of it."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from shared.services.accounts import accounts
from shared.services.resources import Resources
from shared.services.sign_in import invitations
from tests.fakes.openid_provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    OpenIdProvider,
    running_provider,
)
from tests.integration.api_client import app_of
from tests.integration.browser import Browser, browser_of
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


def signed_out_there(app: Flask, token: str) -> TestResponse:
    """The provider's own call: it comes from no page."""
    path, headers = f"{START}/back-channel", {"Sec-Fetch-Site": ""}
    return Browser(app)("POST", path, data={"logout_token": token}, headers=headers)

"""Signing in with a real browser: passkeys, pages without a fault, and the lock of who does nothing."""

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from shared.services.accounts import accounts
from shared.services.resources import Resources
from shared.services.sign_in import invitations
from tests.browser.conftest import Watched
from tests.browser.test_pages import violations
from tests.integration.browser import PASSPHRASE, give_login
from tests.servers import Office
from tests.waiting import wait_for

NAME = "a.therapist@example.org"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def login(resources: Resources, office: Office) -> str:
    give_login(resources, office.caller.practice_id, office.caller.therapist_id, NAME)
    return NAME


@pytest.fixture
def stranger(chromium: Browser, address: str, login: str) -> Watched:
    """A browser in which nobody is signed in, on a device that makes passkeys."""
    page = chromium.new_context().new_page()
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    watched = Watched(page, address)
    watched.watch()
    return watched


def sign_in(site: Watched) -> Page:
    page = site.open("/sign-in")
    page.get_by_label("Login name").fill(NAME)
    page.get_by_label("Passphrase").fill(PASSPHRASE)
    page.get_by_role("button", name="Sign in", exact=True).click()
    return page


def test_a_new_therapist_adds_a_passkey_and_signs_in_with_it_alone(stranger: Watched) -> None:
    # This device never asks its owner, so what the field offers would sign in before the button is pressed.
    stranger.page.add_init_script("PublicKeyCredential.isConditionalMediationAvailable = async () => false")
    page = sign_in(stranger)
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    assert page.locator(".codes li").count() == 10
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_url(re.compile("/today$"))
    assert stranger.complaints == []
    assert stranger.hosts == {stranger.address}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_about_signing_in_has_a_fault_that_axe_knows(
    stranger: Watched, resources: Resources, office: Office, scheme: str
) -> None:
    practice_id = office.caller.practice_id
    accounts.create_therapist(resources, practice_id, "Boss", accounts.ADMINISTRATOR)
    assert invitations.first_administrator_code(resources, practice_id)
    stranger.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    paths = ("/sign-in", "/first-administrator", "/invitation/2222")
    found = {path: violations(stranger.open(path)) for path in paths}
    found["/account/second-factor"] = violations(sign_in(stranger))
    assert {path: faults for path, faults in found.items() if faults} == {}


def test_who_does_nothing_is_warned_and_then_the_page_is_left(site: Watched, context: BrowserContext) -> None:
    site.page.clock.install()
    page = site.open("/account")
    page.clock.fast_forward("13:30")
    expect(page.get_by_role("alert").filter(has_text="two minutes")).to_be_visible()
    page.keyboard.press("Shift")
    expect(page.get_by_role("alert").filter(has_text="two minutes")).to_have_count(0)
    page.clock.fast_forward("15:30")
    expect(page).to_have_url(re.compile(r"/sign-in\?next=%2Faccount$"))


def test_what_must_go_on_is_covered_instead_of_left(site: Watched) -> None:
    site.page.clock.install()
    page = site.open("/account")
    page.evaluate("document.addEventListener('sessionscribe:lock', (event) => event.preventDefault())")
    page.clock.fast_forward("15:30")
    expect(page.get_by_role("dialog")).to_contain_text("Locked")
    assert page.url.endswith("/account")


def test_the_browser_offers_passkeys_among_the_names_that_it_fills_in(stranger: Watched) -> None:
    stranger.page.add_init_script(
        """
        window.asked = [];
        const get = CredentialsContainer.prototype.get;
        CredentialsContainer.prototype.get = function (options) {
          window.asked.push(options.mediation);
          return get.call(this, options);
        };
        """
    )
    page = stranger.open("/sign-in")
    expect(page.get_by_label("Login name")).to_have_attribute("autocomplete", "username webauthn")
    wait_for(lambda: page.evaluate("() => asked") == ["conditional"])
    page.get_by_role("button", name="Sign in with a passkey").click()  # ends the offer, and asks itself
    wait_for(lambda: page.evaluate("() => asked") == ["conditional", "optional"])
    assert stranger.complaints == []

"""From the printed address to a signed note, with a browser alone: what a newcomer presses and types."""

import re
from dataclasses import dataclass
from uuid import UUID

from playwright.sync_api import Browser, Page, expect

from shared.services.accounts import accounts
from shared.services.resources import Resources
from shared.services.sign_in import invitations
from tests.browser.test_sign_in import AUTHENTICATOR
from tests.fakes.speech import FakeTranscriber
from tests.integration.api_client import tone
from tests.integration.browser import PASSPHRASE
from tests.integration.sessions import bench_with, work
from tests.servers import Office

# Keystroke-level model (Card, Moran, Newell 1980): to point and press, a key, to think before an act.
POINT_SECONDS, KEY_SECONDS, THINK_SECONDS = 1.3, 0.28, 1.35
MOST_CLICKS, MOST_SECONDS = 45, 240


@dataclass
class Effort:
    """Counts what a person does on a page."""

    page: Page
    clicks: int = 0
    keys: int = 0

    def press(self, role: str, name: str) -> None:
        """Press a button or a link, or tick a box."""
        self.page.get_by_role(role, name=name, exact=True).first.click()  # type: ignore[arg-type]
        self.clicks += 1

    def type(self, label: str, text: str) -> None:
        """Choose a field and type into it."""
        self.page.get_by_label(label, exact=True).first.fill(text)
        self.clicks += 1
        self.keys += len(text)

    @property
    def seconds(self) -> float:
        """How long a practised person takes for it, by the model."""
        return self.clicks * (POINT_SECONDS + THINK_SECONDS) + self.keys * KEY_SECONDS


def newcomer(chromium: Browser) -> Effort:
    """A browser that was never here, on a device that makes passkeys."""
    page = chromium.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.set_default_timeout(15_000)
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    return Effort(page)


def test_a_new_therapist_gets_from_the_printed_address_to_a_signed_note(
    chromium: Browser, address: str, resources: Resources, office: Office
) -> None:
    practice_id = office.caller.practice_id
    accounts.create_therapist(resources, practice_id, "Administrator", accounts.ADMINISTRATOR)
    code = invitations.first_administrator_code(resources, practice_id)
    boss = newcomer(chromium)
    boss.page.goto(f"{address}/first-administrator")
    boss.type("One-time code", code or "")
    introduce(boss, "Alex Boss")
    boss.press("link", "People")
    boss.type("Name", "Toni Therapist")
    boss.press("button", "Make a link")
    link = boss.page.locator("code.secret").text_content() or ""

    me = newcomer(chromium)
    me.page.goto(link if link.startswith("http") else address + link)
    introduce(me, "Toni Therapist")
    me.press("button", "Add a passkey")
    me.press("link", "I have kept them: go on")
    me.press("link", "Patients")
    me.type("Name", "Pat Ient")
    me.press("checkbox", "The patient has consented")
    me.type("On", "2026-01-05")
    me.press("button", "Add")
    me.page.get_by_label("Recordings").set_input_files(
        {"name": "one.wav", "mimeType": "audio/wav", "buffer": tone(3)}
    )
    me.clicks += 3  # the field, the file, Open
    me.press("button", "Upload")
    me.press("link", "Open the session")
    me.page.wait_for_url("**/sessions/*")
    session_id = UUID(me.page.url.rpartition("/")[2])
    work(bench_with(resources, transcriber=FakeTranscriber("i slept badly this week")), session_id)
    me.page.goto(me.page.url)  # the page says that it is done, and offers it
    me.clicks += 1
    me.press("link", "Sign")
    me.press("button", "Sign version 1")
    expect(me.page.locator(".notes-status")).to_contain_text("Signed by Toni Therapist")
    for who, effort in (("administrator", boss), ("therapist", me)):
        print(f"{who}: {effort.clicks} clicks, {effort.keys} keys, {effort.seconds:.0f} s")
    assert boss.clicks + me.clicks <= MOST_CLICKS
    assert boss.seconds + me.seconds <= MOST_SECONDS


def introduce(who: Effort, name: str) -> None:
    """Say a name, choose a login name and a passphrase, which a password manager fills in."""
    who.type("Your name", name)
    who.type("Login name", name.split()[0].lower())
    who.page.get_by_label("Passphrase", exact=True).fill(PASSPHRASE)
    who.clicks += 2
    who.press("button", "Begin")
    expect(who.page).not_to_have_url(re.compile("administrator|invitation"))

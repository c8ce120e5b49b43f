"""Pages in German: scripts speak it too, axe finds no fault, and long words fit on a narrow screen."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from shared.services.resources import Resources
from tests.browser import sample
from tests.browser.conftest import Watched, profile, watched
from tests.browser.test_pages import overflowing, violations
from tests.integration.browser import browser_of
from tests.servers import Office


@pytest.fixture
def german(
    chromium: Browser, app: Flask, resources: Resources, office: Office, address: str
) -> Iterator[Watched]:
    """As ``site``, for a person whose browser asks for German."""
    secret = browser_of(app, resources, office.caller.practice_id, office.caller.therapist_id).cookie
    opened = profile(chromium, secret)
    opened.set_extra_http_headers({"Accept-Language": "de"})
    yield from watched(opened, address)
    opened.close()


def test_scripts_speak_the_language_of_the_page(german: Watched, session_id: UUID) -> None:
    page = german.open(f"/sessions/{session_id}")
    expect(page.get_by_role("button", name="Abspielen", exact=True)).to_be_visible()
    expect(page.get_by_role("combobox", name="Hören")).to_contain_text("Nur Speaker 1")
    page.get_by_role("button", name="Alle Notizen kopieren").wait_for()
    page.get_by_role("link", name="Berichtigen was bei 0:00").or_(page.locator("#s0 a.fix")).first.click()
    expect(page.get_by_role("textbox", name="Was gesagt wurde")).to_be_visible()
    expect(page.get_by_role("button", name="Abbrechen")).to_be_visible()


def test_no_german_page_has_a_fault_or_scrolls_sideways(
    german: Watched, session_id: UUID, resources: Resources, office: Office
) -> None:
    sample.put_office(resources, office, session_id)
    session, patient = f"/sessions/{session_id}", f"/patients/{office.patient_id}"
    paths = ["/today", "/patients", patient, session, "/account", "/vocabulary", "/templates", "/supervision"]
    paths += [f"{patient}/{name}" for name in ("consents", "requests", "access", "keeping", "record")]
    paths += [f"{session}/{name}" for name in ("sign", "edit", "speakers", "files", "off-the-record")]
    german.page.set_viewport_size({"width": 320, "height": 1200})
    found = {}
    for path in paths:
        page = german.open(path)
        found[path] = violations(page) + overflowing(page)
    assert {path: faults for path, faults in found.items() if faults} == {}

"""Every page in a browser: accessible in both themes, nothing refused, and usable without scripts."""

import re
from pathlib import Path
from uuid import UUID

import axe_playwright_python
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from sqlalchemy import text

from shared.services.resources import Resources
from tests.browser import sample
from tests.browser.conftest import Watched
from tests.database import everything
from tests.integration.api_client import tone
from tests.integration.sessions import promise, row
from tests.servers import Office
from tests.waiting import wait_for

AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Only faults are described: to say of each element that passed how it did takes as long as the search.
FAULTS = """async (tags) => {
    const found = await axe.run({runOnly: tags, resultTypes: ["violations"]});
    return found.violations.flatMap(({id, nodes}) => nodes.map(({html}) => `${id}: ${html.slice(0, 120)}`));
}"""


def violations(page: Page) -> list[str]:
    """What axe finds, as rule and element."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    found: list[str] = page.evaluate(FAULTS, RULES)
    return found


def violations_in_both_themes(page: Page) -> list[str]:
    """What axe finds in each theme. A theme changes colours at once, so the page is loaded for both."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        found += [f"{scheme}: {fault}" for fault in violations(page)]
    return found


def overflowing(page: Page) -> list[str]:
    """Says so where the page itself scrolls sideways."""
    too_wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return ["scrolls sideways"] if too_wide else []


def test_no_page_has_a_fault_that_axe_knows(site: Watched, session_id: UUID, office: Office) -> None:
    session = f"/sessions/{session_id}"
    site.page.set_viewport_size({"width": 1280, "height": 2400})  # nothing lies under the docked player
    paths = [f"/patients/{office.patient_id}/record", "/templates", "/templates/new", "/account"]
    paths += ["/vocabulary", "/today", "/patients", f"/patients/{office.patient_id}", session, "/cosign"]
    paths += [f"/patients/{office.patient_id}/{name}" for name in ("consents", "requests", "access")]
    paths += [f"/patients/{office.patient_id}/{name}" for name in ("keeping", "deletion")]
    paths += [f"{session}/{name}" for name in ("sign", "edit", "versions", "speakers", "off-the-record")]
    paths += [f"{session}/{name}" for name in ("words/1", "files", "delete", "addendum", "versions/1")]
    found = {path: violations_in_both_themes(site.open(path)) for path in paths}
    assert {path: faults for path, faults in found.items() if faults} == {}


def test_no_page_of_administrators_has_a_fault_that_axe_knows(
    office_site: Watched, resources: Resources, office: Office, session_id: UUID
) -> None:
    webhook_id = sample.put_office(resources, office, session_id)
    paths = ["/templates", "/people", "/audit", "/account", "/engines"]
    paths += ["/webhooks", f"/webhooks/{webhook_id}"]
    paths += ["/holds", "/holds?lifted=true", "/holds/new", "/retention", "/retention/preview?days=366"]
    found = {}
    for path in paths:
        for width in (1280, 320):
            office_site.page.set_viewport_size({"width": width, "height": 1200})
            page = office_site.open(path)
            found[path, width] = violations_in_both_themes(page) + overflowing(page)
    assert {path: faults for path, faults in found.items() if faults} == {}


def test_a_patient_is_deleted_and_the_receipt_is_a_file(
    site: Watched, office: Office, session_id: UUID
) -> None:
    page = site.open(f"/patients/{office.patient_id}/deletion")
    page.get_by_label("Delete it for good").check()
    page.get_by_role("button", name="Delete the patient").click()
    expect(page.get_by_text("Everything is deleted: 1 session")).to_be_visible()
    assert violations(page) + overflowing(page) == []
    with page.expect_download() as given:
        page.get_by_role("link", name="PDF").click()
    assert given.value.path().read_bytes().startswith(b"%PDF")


def test_a_recording_is_uploaded_with_a_bar_and_becomes_a_session(
    site: Watched, office: Office, resources: Resources, tmp_path: Path
) -> None:
    file = tmp_path / "a session.wav"
    file.write_bytes(tone(3.0))
    page = site.open(f"/patients/{office.patient_id}")
    page.get_by_label("Recordings").set_input_files(file)
    page.get_by_label("Session of").fill("2026-03-02")
    page.get_by_role("button", name="Upload").click()
    link = page.get_by_role("link", name="Open the session")
    session_id = UUID((link.get_attribute("href") or "").rpartition("/")[2])
    made = row(resources, session_id)
    assert (made.status, made.session_date.day, made.patient_id) == ("pending", 2, office.patient_id)
    link.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("2 Mar 2026")


def test_a_refused_file_says_why_and_the_others_go_on(
    context: BrowserContext, address: str, office: Office, tmp_path: Path
) -> None:
    good, bad = tmp_path / "good.wav", tmp_path / "bad.wav"
    good.write_bytes(tone(1.0))
    bad.write_bytes(b"no recording at all")
    page = context.new_page()
    page.goto(f"{address}/patients/{office.patient_id}")
    page.get_by_label("Recordings").set_input_files([bad, good])
    page.get_by_role("button", name="Upload").click()
    expect(page.locator(".uploads .wrong")).to_contain_text("a recording has at least")
    expect(page.get_by_role("link", name="Open the session")).to_have_count(1)


def test_an_upload_that_is_stopped_is_gone_from_the_server_and_can_be_tried_again(
    context: BrowserContext, address: str, office: Office, resources: Resources, tmp_path: Path
) -> None:
    def hang(route: Route) -> None:
        if route.request.method != "PATCH":
            route.continue_()

    def arriving() -> int:
        with everything(resources) as db:
            return int(db.scalar(text("SELECT count(*) FROM uploads")))

    file = tmp_path / "a session.wav"
    file.write_bytes(tone(1.0))
    page = context.new_page()
    page.goto(f"{address}/patients/{office.patient_id}")
    page.route("**/api/uploads/*", hang)
    page.get_by_label("Recordings").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    wait_for(lambda: arriving() == 1, 30)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("stopped")).to_be_visible()
    wait_for(lambda: arriving() == 0, 30)
    page.unroute("**/api/uploads/*")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("link", name="Open the session")).to_be_visible()


def test_patients_are_found_by_typing_and_nothing_is_sent(site: Watched, office: Office) -> None:
    page = site.open("/patients")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_label("Find a patient").fill("nobody")
    expect(page.locator("#patients tbody tr:visible")).to_have_count(0)
    page.get_by_label("Find a patient").fill("PÄT ient")
    expect(page.locator("#patients tbody tr:visible")).to_have_count(1)
    assert [url for url in asked if "/static/" not in url] == []


def test_today_is_read_again_when_something_happens(
    site: Watched, resources: Resources, office: Office
) -> None:
    page = site.open("/today")
    expect(page.get_by_text("Nothing waits for you.")).to_be_visible()
    sample.put(resources, office)
    expect(page.get_by_role("heading", name=re.compile("Risk to answer for"))).to_be_visible()


def test_a_page_is_not_read_again_for_what_it_shows(
    site: Watched, resources: Resources, office: Office
) -> None:
    session_id = promise(resources, office)
    page = site.open("/today")
    page.evaluate("window.isTheSame = true")
    tell = """([session, at]) => {
        const channel = new BroadcastChannel("sessionscribe-news");
        channel.postMessage({event: "status", session_id: session, status: "pending", at});
        channel.postMessage({event: "progress", session_id: session, progress: 37});
    }"""
    shown = page.locator("[data-as-of]").get_attribute("data-as-of")

    def is_told() -> bool:  # again and again: the page may not listen yet
        page.evaluate(tell, [str(session_id), shown])
        return page.locator("progress").get_attribute("value") == "37"

    wait_for(is_told, 30)
    assert page.evaluate("window.isTheSame")
    page.evaluate(tell, [str(session_id), "2100-01-01T00:00:00Z"])
    expect(page.locator("progress")).to_have_attribute("value", "0")
    assert not page.evaluate("window.isTheSame ?? false")


def test_reading_acknowledging_and_signing_work_without_scripts(
    chromium: Browser, context: BrowserContext, address: str, session_id: UUID
) -> None:
    plain = chromium.new_context(java_script_enabled=False, storage_state=context.storage_state())
    plain.set_default_timeout(15_000)
    page = plain.new_page()
    page.goto(f"{address}/sessions/{session_id}")
    expect(page.locator("#s3 .said")).to_have_text("Sometimes I want to kill myself.")
    expect(page.locator("audio")).to_be_visible()
    expect(page.locator(".play").first).to_be_hidden()
    page.get_by_role("button", name="Acknowledge").click()
    page.get_by_role("link", name="Sign", exact=True).click()
    page.get_by_role("button", name="Sign version 1").click()
    expect(page.locator(".notes-status")).to_contain_text("Signed by A therapist")
    plain.close()


def test_a_recording_is_uploaded_and_deleted_without_scripts(
    chromium: Browser, context: BrowserContext, address: str, office: Office, resources: Resources
) -> None:
    plain = chromium.new_context(java_script_enabled=False, storage_state=context.storage_state())
    plain.set_default_timeout(15_000)
    page = plain.new_page()
    page.goto(f"{address}/patients/{office.patient_id}")
    sound = tone(80)  # larger than what is read of a form at once
    page.get_by_label("Recordings").set_input_files(
        {"name": "one.wav", "mimeType": "audio/wav", "buffer": sound}
    )
    page.get_by_label("Session of").fill("2026-03-01")
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url("**/sessions/*")
    made = row(resources, UUID(page.url.rpartition("/")[2]))
    assert (made.audio_bytes, made.patient_id) == (len(sound), office.patient_id)
    assert made.session_date.isoformat().startswith("2026-03-01")
    page.get_by_role("link", name="Delete").click()
    page.get_by_label("Delete it for good").check()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("No session yet.")).to_be_visible()
    plain.close()


def test_nothing_of_a_session_is_left_in_the_browser(site: Watched, session_id: UUID) -> None:
    page = site.open(f"/sessions/{session_id}")
    with page.expect_response("**/api/preferences"):
        page.keyboard.press("]")
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert kept == "[{},{}]"
    assert page.evaluate("caches.keys()") == []
    assert page.evaluate("indexedDB.databases()") == []
    assert "sleep" not in page.title()


def test_a_notification_says_that_a_session_is_ready_and_no_more(
    site: Watched, session_id: UUID, address: str
) -> None:
    site.page.context.grant_permissions(["notifications"], origin=address)
    site.page.add_init_script(
        "window.told = []; window.isAway = false;"
        "Object.defineProperty(document, 'hidden', { get: () => window.isAway });"
        "window.Notification = class extends EventTarget { static permission = 'granted';"
        " static requestPermission = async () => 'granted';"
        " constructor(text, more) { super(); window.told.push([text, Object.keys(more)]); } };"
    )
    page = site.open("/today")
    news = """([session, status]) => new BroadcastChannel("sessionscribe-news").postMessage(
        {event: "status", session_id: session, status, at: "2100-01-01T00:00:00Z"})"""
    page.evaluate("window.isAway = true")
    page.evaluate(news, [str(session_id), "processed"])
    expect(page.locator("[data-news]")).to_have_text(re.compile("Something has changed"))
    assert page.evaluate("window.told") == []  # nobody asked for it
    page.get_by_role("button", name="Notify me in this browser when a session is ready").click()
    expect(page.get_by_role("button", name="Stop notifications in this browser")).to_be_visible()
    page.evaluate(news, [str(session_id), "processed"])
    page.evaluate(news, [str(session_id), "transcribing"])
    expect(page).to_have_title(re.compile(r"^\(3\)"))
    assert page.evaluate("window.told") == [["A session is ready.", ["tag"]]]
    page.evaluate("window.isAway = false")
    page.get_by_role("button", name="Stop notifications in this browser").click()
    assert page.evaluate("localStorage.getItem('sessionscribe-notify')") is None

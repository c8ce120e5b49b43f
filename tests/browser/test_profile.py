"""What a browser profile keeps, and how many places of the server's event stream its tabs take."""

from pathlib import Path
from uuid import UUID

from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.conftest import LAUNCH
from tests.browser.sample import TURNS
from tests.servers import Office
from tests.waiting import wait_for

TABS = 5


def test_after_signing_out_no_word_of_a_record_is_in_the_profile_on_the_disk(
    chromium: Browser, context: BrowserContext, address: str, office: Office, session_id: UUID, tmp_path: Path
) -> None:
    opened = chromium.browser_type.launch_persistent_context(str(tmp_path), **LAUNCH)
    opened.add_cookies(context.cookies())  # type: ignore[arg-type]  # what it gives, it takes
    page = opened.new_page()
    for path in ("/today", "/patients", f"/patients/{office.patient_id}", f"/sessions/{session_id}"):
        page.goto(address + path)
    page.locator("#s1 .said").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.goto(f"{address}/sessions/{session_id}/edit")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in*")
    opened.close()
    files = [one for one in tmp_path.rglob("*") if one.is_file()]
    kept = [(one, one.read_bytes()) for one in files]
    assert any(address.encode() in content for _, content in kept)  # the addresses are: it is the right place
    words = ["Pat Ient", *(said for _, said in TURNS)]
    canaries = [word.encode(encoding) for word in words for encoding in ("utf-8", "utf-16-le")]
    assert [one for one, content in kept if any(canary in content for canary in canaries)] == []


def test_many_tabs_take_one_place_of_the_event_stream_and_the_next_takes_it_over(
    context: BrowserContext, address: str
) -> None:
    asked: list[str] = []
    context.on("request", lambda request: request.url.endswith("/api/events") and asked.append(request.url))
    tabs = [context.new_page() for _ in range(TABS)]
    for tab in tabs:
        tab.goto(f"{address}/today")
        expect(tab.get_by_role("heading", level=1)).to_be_visible()
    wait_for(lambda: tabs[-1].evaluate("true") and len(asked) == 1, 30)
    for tab in tabs[:-1]:
        tab.close()
    wait_for(lambda: tabs[-1].evaluate("true") and len(asked) >= 2, 30)

"""What screen readers are told, and what WCAG 2.2 asks beyond the rules that axe knows."""

import re
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from shared.services.resources import Resources
from tests.browser.conftest import Watched
from tests.browser.test_pages import AXE
from tests.integration.api_client import tone
from tests.integration.sessions import promise
from tests.servers import Office
from tests.waiting import wait_for

TELL = """(news) => new BroadcastChannel("sessionscribe-news").postMessage(news)"""
# The element that has the focus, if it lies whole under the docked player.
HIDDEN = """() => {
    const player = document.querySelector(".player");
    const found = [];
    const all = "a[href], button, input, select, textarea, summary, [tabindex='0']";
    for (const one of document.querySelectorAll(all)) {
        one.focus({ focusVisible: true });
        if (document.activeElement !== one || player.contains(one)) continue;
        const [mine, over] = [one.getBoundingClientRect(), player.getBoundingClientRect()];
        if (mine.height && mine.top >= over.top && mine.bottom <= over.bottom) found.push(one.outerHTML);
    }
    return found;
}"""
FUTURE = "2100-01-01T00:00:00Z"


def told(page: Page, words: str) -> None:
    """The region for news has these words."""
    expect(page.locator("#said")).to_have_text(words)
    expect(page.locator("#said")).to_match_aria_snapshot(f"- status: {words!r}")


def test_it_is_told_that_what_was_typed_is_kept(site: Watched, session_id: UUID) -> None:
    page = site.open(f"/sessions/{session_id}/edit")
    page.get_by_label("Summary", exact=True).fill("She came in late.")
    expect(page.locator("[data-kept]")).to_match_aria_snapshot(
        "- status: /Kept .*, not saved as a version yet/"
    )


def test_the_progress_of_an_upload_is_told_at_quarters_and_a_refusal_at_once(
    site: Watched, office: Office, tmp_path: Path
) -> None:
    (tmp_path / "good.wav").write_bytes(tone(1.0))
    page = site.open(f"/patients/{office.patient_id}")
    page.get_by_label("Recordings").set_input_files(tmp_path / "good.wav")
    page.get_by_role("button", name="Upload").click()
    told(page, "Upload of good.wav: 100 %")
    expect(page.locator(".uploads .state")).to_have_attribute("aria-live", "off")


def test_the_progress_of_a_session_and_its_end_are_told(
    site: Watched, resources: Resources, office: Office
) -> None:
    session_id = promise(resources, office)
    page = site.open(f"/sessions/{session_id}")  # it asks for no waveform: there is none yet
    news = {"session_id": str(session_id), "at": FUTURE}

    def is_told() -> bool:  # again and again: the page may not listen yet
        page.evaluate(TELL, {**news, "event": "progress", "progress": 60})
        return page.locator("progress").get_attribute("value") == "60"

    wait_for(is_told, 30)
    told(page, "Progress: 50 %")
    page.evaluate(TELL, {**news, "event": "status", "status": "transcribed"})
    told(page, "The session has changed.")


def test_a_new_risk_alert_is_told(site: Watched, resources: Resources, office: Office) -> None:
    session_id = str(promise(resources, office))
    page = site.open("/today")

    def is_told() -> bool:
        page.evaluate(TELL, {"event": "risk", "session_id": session_id, "at": FUTURE})
        return page.locator("#said").text_content() == "There is a new risk alert."

    wait_for(is_told, 30)
    told(page, "There is a new risk alert.")
    assert page.evaluate("history.state") is None


def test_the_warning_of_the_automatic_sign_out_is_an_alert_and_one_key_extends_the_time(
    site: Watched, session_id: UUID
) -> None:
    site.page.clock.install()
    page = site.open(f"/sessions/{session_id}")
    warning = page.get_by_role("alert").filter(has_text="signed out")
    for _ in range(10):
        page.clock.fast_forward("13:30")
        expect(warning).to_match_aria_snapshot(
            '- alert: "You will be signed out in two minutes. Press any key to stay signed in."'
        )
        page.keyboard.press("Shift")
        expect(warning).to_have_count(0)
    page.keyboard.press("?")
    page.clock.fast_forward("13:30")
    expect(page.get_by_role("dialog", name="Keys").get_by_role("alert")).to_be_visible()


@pytest.mark.parametrize("size", [(320, 640), (768, 700), (1280, 500)])
def test_the_docked_player_hides_nothing_that_has_the_focus(
    site: Watched, session_id: UUID, size: tuple[int, int]
) -> None:
    site.page.set_viewport_size({"width": size[0], "height": size[1]})
    site.page.emulate_media(reduced_motion="reduce")  # else it is still on its way when it is looked at
    page = site.open(f"/sessions/{session_id}")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert page.evaluate(HIDDEN) == []


def test_targets_are_large_enough_on_a_small_screen(site: Watched, session_id: UUID, office: Office) -> None:
    site.page.set_viewport_size({"width": 320, "height": 4000})
    found = {}
    for path in (f"/sessions/{session_id}", "/today", f"/patients/{office.patient_id}", "/account"):
        page = site.open(path)
        page.evaluate(AXE.read_text())
        rule = {"runOnly": {"type": "rule", "values": ["target-size"]}}
        faults = page.evaluate("(rule) => axe.run(rule)", rule)["violations"]
        found[path] = [node["html"][:100] for fault in faults for node in fault["nodes"]]
    assert {path: faults for path, faults in found.items() if faults} == {}


def test_the_position_is_set_by_one_click_without_dragging(site: Watched, session_id: UUID) -> None:
    page = site.open(f"/sessions/{session_id}")
    slider = page.get_by_label("Position")
    box = slider.bounding_box()
    assert box is not None
    slider.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    assert 25 <= float(slider.input_value()) <= 35


def test_help_is_in_the_same_place_on_every_page_that_has_it(site: Watched, session_id: UUID) -> None:
    page = site.open(f"/sessions/{session_id}")
    expect(page.locator(".player > :last-child")).to_have_accessible_name("Keys")


def test_secrets_can_be_pasted_and_what_was_typed_is_not_asked_for_again(
    chromium: Browser, address: str
) -> None:
    context = chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{address}/sign-in")
    page.evaluate("navigator.clipboard.writeText('not the right passphrase')")
    page.get_by_label("Login name").fill("a.therapist@example.org")
    page.get_by_label("Passphrase").focus()
    page.keyboard.press("Control+v")
    expect(page.get_by_label("Passphrase")).to_have_value("not the right passphrase")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text=re.compile("wrong|right"))).to_be_visible()
    expect(page.get_by_label("Login name")).to_have_value("a.therapist@example.org")
    context.close()

"""The session page in a browser: what is played, marked, corrected and signed."""

import json
import re
from uuid import UUID

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from shared.services.accounts import people
from shared.services.resources import Resources
from tests.browser.conftest import Watched, profile, watched
from tests.browser.sample import SECONDS
from tests.browser.test_pages import violations
from tests.integration.browser import browser_of
from tests.servers import Office
from web.keys import KEYS

AUDIO = "() => document.querySelector('audio')"


def at(page: Page) -> float:
    return float(page.evaluate(f"({AUDIO})().currentTime"))


def until_playing(page: Page, start: float, end: float) -> None:
    """Wait until the audio plays between two moments."""
    condition = (
        f"const a = ({AUDIO})(); return !a.paused && a.currentTime >= {start} && a.currentTime <= {end};"
    )
    poll(page, condition)


def poll(page: Page, condition: str) -> None:
    """Wait for a condition without evaluating text in the page, which the policy forbids."""
    page.evaluate(
        "async (_) => { const is = () => { " + condition + " };"
        " for (const end = Date.now() + 15000; !is() && Date.now() < end;)"
        " await new Promise((go) => setTimeout(go, 20)); if (!is()) throw new Error('never came'); }",
        None,
    )


def test_a_sentence_plays_exactly_the_words_it_rests_on(site: Watched, session_id: UUID) -> None:
    page = site.open(f"/sessions/{session_id}")
    assert page.evaluate(f"({AUDIO})().readyState") == 0  # no byte of audio before it is played
    item = page.locator(".item", has_text="worry journal").first
    ranges = (item.locator(".play").get_attribute("data-play") or "").split()
    start, end = float(ranges[0].split("-")[0]), float(ranges[-1].split("-")[1])
    item.locator(".play").click()
    until_playing(page, start - 0.3, end)
    expect(page.locator("#s2")).to_have_class(re.compile("chosen"))
    page.evaluate(f"({AUDIO})().playbackRate = 3")
    poll(page, f"return ({AUDIO})().paused;")
    assert end - 0.3 <= at(page) <= end + 1.5


def test_a_click_on_a_word_plays_from_it_and_marks_it(site: Watched, session_id: UUID) -> None:
    page = site.open(f"/sessions/{session_id}")
    page.locator("#s4 .said").click(position={"x": 4, "y": 10})
    until_playing(page, 40.0, 43.0)
    expect(page.locator("#s4")).to_have_attribute("aria-current", "true")
    poll(page, "return CSS.highlights.has('heard');")


def test_a_turn_leads_to_the_sentences_that_rest_on_it(site: Watched, session_id: UUID) -> None:
    page = site.open(f"/sessions/{session_id}")
    link = page.locator("#s1 .rests")
    wanted = (link.get_attribute("data-items") or "").split()
    link.click()
    expect(page.locator(".item.chosen")).to_have_count(len(wanted))
    expect(page.locator(f"#i{wanted[0]}")).to_be_focused()


def test_one_speaker_is_heard_alone(site: Watched, session_id: UUID) -> None:
    page = site.open(f"/sessions/{session_id}")
    page.get_by_label("Hear", exact=True).select_option(label="Only Speaker 2")
    page.get_by_role("button", name="Play", exact=True).click()
    until_playing(page, 10.0, 19.5)
    page.evaluate(f"({AUDIO})().currentTime = 18.9")
    until_playing(page, 30.0, 39.5)


def test_words_are_corrected_in_place(site: Watched, session_id: UUID) -> None:
    page = site.open(f"/sessions/{session_id}")
    page.locator("#s2 .fix").click()
    page.get_by_role("textbox", name="What was said").fill(
        "Please write in the sleep diary every day this week."
    )
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#s2 .said")).to_have_text("Please write in the sleep diary every day this week.")
    expect(page.locator("#s2 .label.own")).to_have_text("corrected")
    expect(page.locator(".item .label.changed").first).to_be_visible()


def test_a_word_that_was_corrected_twice_is_offered_and_taken_by_one_click(
    site: Watched, session_id: UUID
) -> None:
    page = site.open(f"/sessions/{session_id}")
    for segment in (1, 2):
        expect(page.get_by_role("heading", name="Words to expect?")).to_have_count(0)
        page.locator(f"#s{segment} .fix").click()
        box = page.get_by_role("textbox", name="What was said")
        box.fill(box.input_value().replace("week", "weekend"))
        page.get_by_role("button", name="Save").click()
        expect(page.locator(f"#s{segment} .said")).to_contain_text("weekend")
    expect(page.get_by_role("heading", name="Words to expect?")).to_be_visible()
    page.get_by_role("button", name="Expect it").click()
    expect(page.get_by_role("heading", name="Words to expect?")).to_have_count(0)
    page.get_by_role("link", name="Words", exact=True).click()
    expect(page.get_by_label("Your words")).to_have_value("weekend")


def test_an_alert_is_acknowledged_and_the_notes_are_signed(site: Watched, session_id: UUID) -> None:
    page = site.open("/today")
    page.get_by_role("heading", name="Risk to answer for (1)").wait_for()
    page.locator(f'a[href^="/sessions/{session_id}#alert-"]').click()
    page.get_by_role("link", name="Sign", exact=True).click()
    expect(page.get_by_role("button", name="Sign version 1")).to_be_disabled()
    page.get_by_role("link", name="Suicidal thoughts").click()
    page.get_by_label("What you did about it").fill("Called her sister.")
    page.get_by_role("button", name="Acknowledge").click()
    page.get_by_role("link", name="Sign", exact=True).click()
    page.get_by_role("button", name="Sign version 1").click()
    expect(page.locator(".notes-status")).to_contain_text("Signed by A therapist")


def test_every_key_of_the_table_does_something_and_none_while_typing(site: Watched, session_id: UUID) -> None:
    page = site.open(f"/sessions/{session_id}")
    rows = page.locator("#keys [data-action]")
    assert rows.count() == len(KEYS)
    bound = {
        row.get_attribute("data-action"): json.loads(row.get_attribute("data-keys") or "[]")
        for row in rows.all()
    }
    assert bound == {key.action: list(key.keys) for key in KEYS}
    slider = page.get_by_label("Position")
    page.keyboard.press("l")
    expect(slider).to_have_value("10")
    page.keyboard.press("ArrowRight")
    expect(slider).to_have_value("15")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("j")
    expect(slider).to_have_value("0")
    page.keyboard.press("Shift+ArrowRight")
    expect(slider).to_have_value("10")
    page.keyboard.press("Shift+ArrowLeft")
    expect(slider).to_have_value("0")
    page.keyboard.press("]")
    expect(page.get_by_label("Speed")).to_have_value("1.25")
    page.keyboard.press("[")
    expect(page.get_by_label("Speed")).to_have_value("1")
    for key in ("k", " "):
        page.keyboard.press(key)
        expect(page.get_by_role("button", name="Pause")).to_be_visible()
        page.keyboard.press("k")
        expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    page.keyboard.down(",")
    expect(page.get_by_label("Speed")).to_have_value("0.75")
    page.keyboard.up(",")
    expect(page.get_by_label("Speed")).to_have_value("1")
    page.keyboard.press("n")
    expect(page.locator(".doubt.chosen")).to_have_count(1)
    page.keyboard.press("p")
    page.keyboard.press("f")
    expect(page.get_by_label("Follow")).not_to_be_checked()
    page.keyboard.press("r")
    expect(page.locator(".risk")).to_be_in_viewport()
    page.keyboard.press("e")
    expect(page.get_by_role("textbox", name="What was said")).to_be_focused()
    page.keyboard.type("kjl?")
    expect(page.get_by_role("textbox", name="What was said")).to_have_value(re.compile(r"kjl\?$"))
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()


def test_a_part_or_all_of_the_notes_is_copied_as_plain_text(
    site: Watched, session_id: UUID, address: str
) -> None:
    site.page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
    page = site.open(f"/sessions/{session_id}")
    page.get_by_role("button", name="Copy Summary").click()
    part = page.evaluate("navigator.clipboard.readText()")
    assert part.startswith("The session turned")
    page.get_by_role("button", name="Copy all notes").click()
    expect(page.locator(".copied[data-copy=copy-all]")).to_be_visible()
    whole = page.evaluate("navigator.clipboard.readText()")
    assert whole.startswith("Risk\n- ")
    assert f"\n\nSummary\n{part}" in whole


def test_keys_can_be_switched_off(site: Watched, session_id: UUID) -> None:
    page = site.open(f"/sessions/{session_id}")
    page.keyboard.press("?")
    page.get_by_label("Use these keys").uncheck()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("l")
    expect(page.get_by_label("Position")).to_have_value("0")
    page.reload()
    page.keyboard.press("l")
    expect(page.get_by_label("Position")).to_have_value("0")


def test_the_clock_tells_how_long_the_recording_is(site: Watched, session_id: UUID) -> None:
    page = site.open(f"/sessions/{session_id}")
    expect(page.locator(".clock")).to_have_text("0:00 / 1:00")
    expect(page.get_by_label("Position")).to_have_attribute("max", f"{SECONDS:g}")
    expect(page.locator(".picture canvas")).to_be_visible()


def test_the_page_ends_with_the_player(site: Watched, session_id: UUID) -> None:
    page = site.open(f"/sessions/{session_id}")
    expect(page.locator(".picture canvas")).to_be_visible()
    main = "document.querySelector('main').getBoundingClientRect().bottom + scrollY"
    assert (
        page.evaluate(f"document.documentElement.scrollHeight - ({main})") < 3
    )  # nothing unseen makes the page longer than what is seen


@pytest.mark.parametrize("width", [320, 1280])
def test_the_page_does_not_scroll_sideways(site: Watched, session_id: UUID, width: int) -> None:
    site.page.set_viewport_size({"width": width, "height": 700})
    for path in (f"/sessions/{session_id}", f"/sessions/{session_id}/edit", "/today", "/patients"):
        page = site.open(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_what_is_typed_and_not_saved_is_there_again_on_any_computer(
    site: Watched, context: BrowserContext, session_id: UUID
) -> None:
    page = site.open(f"/sessions/{session_id}/edit")
    page.get_by_label("Summary", exact=True).fill("She came in late.")
    page.get_by_role("group", name="Topics").get_by_role("checkbox").first.uncheck()
    expect(page.get_by_text("not saved as a version yet")).to_be_visible()
    page.close()  # without a question: nothing would be lost
    again = context.new_page()
    again.goto(f"{site.address}/sessions/{session_id}/edit")
    expect(again.get_by_text("This is what you typed until")).to_be_visible()
    expect(again.get_by_label("Summary", exact=True)).to_have_value("She came in late.")
    expect(again.get_by_role("group", name="Topics").get_by_role("checkbox").first).not_to_be_checked()
    again.get_by_role("button", name="Save as a new version").click()
    expect(again.get_by_text("She came in late.").first).to_be_visible()
    again.goto(f"{site.address}/sessions/{session_id}/edit")
    expect(again.get_by_text("This is what you typed until")).to_have_count(0)


def test_an_edit_that_goes_on_in_two_windows_shows_both(
    site: Watched, context: BrowserContext, session_id: UUID
) -> None:
    other, page = context.new_page(), site.open(f"/sessions/{session_id}/edit")
    other.goto(f"{site.address}/sessions/{session_id}/edit")
    page.get_by_label("Summary", exact=True).fill("She came in late.")
    expect(page.get_by_text("not saved as a version yet")).to_be_visible()
    other.get_by_label("Summary", exact=True).fill("He came in late.")
    expect(other.get_by_text("In the other window: She came in late.")).to_be_visible()
    expect(other.get_by_label("Summary", exact=True)).to_have_value("He came in late.")
    other.get_by_label("Summary", exact=True).fill("They came in late.")
    expect(other.get_by_text("not saved as a version yet")).to_be_visible()
    other.get_by_role("button", name="Save as a new version").click()
    expect(other.get_by_text("They came in late.").first).to_be_visible()


def test_the_automatic_sign_out_loses_nothing_of_an_edit(site: Watched, session_id: UUID) -> None:
    page = site.page
    page.clock.install()
    site.open(f"/sessions/{session_id}/edit")
    page.get_by_label("Summary", exact=True).fill("She came in late.")
    with page.expect_response("**/notes/unsaved"):
        page.clock.fast_forward(3000)
    expect(page.get_by_text("not saved as a version yet")).to_be_visible()
    page.clock.fast_forward(16 * 60 * 1000)
    page.wait_for_url("**/sign-in?next=*")
    site.open(f"/sessions/{session_id}/edit")
    expect(page.get_by_label("Summary", exact=True)).to_have_value("She came in late.")


def test_a_supervisor_hears_a_session_that_is_open_to_them(
    chromium: Browser,
    app: Flask,
    address: str,
    site: Watched,
    resources: Resources,
    office: Office,
    session_id: UUID,
) -> None:
    boss = people.create(resources, office.caller, "Sue Pervisor", "therapist")
    people.change(resources, office.caller, office.caller.therapist_id, {"supervisor_id": boss.id})
    page = site.open(f"/sessions/{session_id}")
    page.get_by_role("link", name="Supervision", exact=True).click()
    page.get_by_role("button", name="Let Sue Pervisor hear and read it").click()
    expect(page.get_by_role("button", name="Close it")).to_be_visible()
    assert violations(page) == []
    secret = browser_of(app, resources, office.caller.practice_id, boss.id).cookie
    theirs = profile(chromium, secret)
    for watching in watched(theirs, address):
        page = watching.open("/today")
        with page.expect_navigation():  # until its scripts are there
            page.get_by_role("link", name="A therapist, session of").click()
        page.locator("#s4 .said").click(position={"x": 4, "y": 10})
        until_playing(page, 40.0, 59.0)
        page.keyboard.press("e")  # corrects nothing
        expect(page.locator("form.fixing")).to_have_count(0)
        page.set_viewport_size({"width": 1280, "height": 2400})
        assert violations(page) == []
        assert violations(watching.open("/supervision")) == []
    theirs.close()

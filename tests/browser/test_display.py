"""Larger text, forced colours, less motion, and pages from right to left; and the marks of the waveform."""

from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from shared.services.resources import Resources
from shared.services.transcripts import off_record
from tests.browser import sample
from tests.browser.conftest import Watched
from tests.browser.test_pages import overflowing
from tests.servers import Office
from tests.waiting import wait_for

AUDIO = "() => document.querySelector('audio')"
HEBREW = "שלום, ישנתי רע כל השבוע."
# Texts that are cut off; what is there for screen readers alone is meant to be.
CUT_OFF = """() => [...document.querySelectorAll("main *, header *")]
    .filter((one) => one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0)
    .filter((one) => ["hidden", "clip"].includes(getComputedStyle(one).overflowX))
    .filter((one) => getComputedStyle(one).clipPath === "none")
    .map((one) => one.outerHTML.slice(0, 80))"""
# Where the letters of a text begin and end, as a share of the width of its box.
REACH = """(said) => {
    const [range, box] = [document.createRange(), said.getBoundingClientRect()];
    range.selectNodeContents(said);
    const text = range.getBoundingClientRect();
    return [(text.left - box.left) / box.width, (text.right - box.left) / box.width];
}"""
PIXELS = """([from, to, top]) => {
    const canvas = document.querySelector(".picture canvas");
    const [x, width] = [Math.ceil(from * canvas.width), Math.max(1, Math.floor((to - from) * canvas.width))];
    const y = top < 0 ? canvas.height + top : top;
    const copy = new OffscreenCanvas(canvas.width, canvas.height)
        .getContext("2d", { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    return [...copy.getImageData(x, y, width, 1).data].filter((_, i) => i % 4 === 3);
}"""


def pages_of(session_id: UUID, office: Office) -> list[str]:
    session, patient = f"/sessions/{session_id}", f"/patients/{office.patient_id}"
    found = ["/today", "/patients", "/account", "/vocabulary", "/templates", patient, session]
    found += [f"{patient}/{name}" for name in ("record", "consents", "requests", "keeping")]
    return found + [f"{session}/{name}" for name in ("sign", "edit", "versions", "speakers", "files")]


def test_text_of_twice_the_size_fits_on_every_page(site: Watched, session_id: UUID, office: Office) -> None:
    found = {}
    for path in pages_of(session_id, office):
        page = site.open(path)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        found[path] = overflowing(page) + page.evaluate(CUT_OFF)
    assert {path: faults for path, faults in found.items() if faults} == {}


@pytest.mark.parametrize("width", [320, 1280])
def test_pages_fit_in_both_directions_and_are_mirrored(
    site: Watched, session_id: UUID, office: Office, width: int
) -> None:
    site.page.set_viewport_size({"width": width, "height": 900})
    found = {}
    for path in pages_of(session_id, office):
        page = site.open(path)
        found[path] = overflowing(page)
        page.evaluate("document.documentElement.dir = 'rtl'")
        found[path] += overflowing(page) + page.evaluate(CUT_OFF)
    assert {path: faults for path, faults in found.items() if faults} == {}
    page = site.open(f"/sessions/{session_id}")
    page.evaluate("document.documentElement.dir = 'rtl'")
    item = page.locator(".item", has_text="worry journal").first
    button, text = item.locator(".play").bounding_box(), item.locator(".text").bounding_box()
    assert button is not None
    assert text is not None
    assert button["x"] > text["x"] + text["width"] - 1


def test_what_was_said_goes_in_the_direction_of_its_letters(
    site: Watched, resources: Resources, office: Office
) -> None:
    turns = (("Speaker 1", "Good morning."), ("Speaker 2", HEBREW))
    page = site.open(f"/sessions/{sample.put(resources, office, sample.transcript(turns))}")
    english, hebrew = (page.locator(f"#s{number} .said").evaluate(REACH) for number in (0, 1))
    assert english[0] < 0.02
    assert english[1] < 0.9
    assert hebrew[0] > 0.1
    assert hebrew[1] > 0.98
    expect(page.locator(".turns")).to_have_attribute("lang", "en")  # as the engine heard it


def test_nothing_moves_by_itself_for_people_who_want_less_motion(site: Watched, session_id: UUID) -> None:
    behaviour = "getComputedStyle(document.documentElement).scrollBehavior"
    page = site.open(f"/sessions/{session_id}")
    assert page.evaluate(behaviour) == "smooth"
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(behaviour) == "auto"


def drawn(page: Page) -> None:
    expect(page.locator(".picture.drawn canvas")).to_be_visible()
    wait_for(lambda: any(page.evaluate(PIXELS, [0, 1, -1])))


def test_in_forced_colours_the_player_and_the_turn_that_is_heard_are_still_seen(
    site: Watched, session_id: UUID
) -> None:
    site.page.emulate_media(forced_colors="active")
    page = site.open(f"/sessions/{session_id}")
    drawn(page)
    colours = page.locator(".picture canvas").evaluate(
        "(one) => (({ color, accentColor, outlineColor }) => [color, accentColor, outlineColor])"
        "(getComputedStyle(one))"
    )
    assert len(set(colours)) == 3
    assert "auto" not in colours
    page.locator("#s2 .at").click()
    expect(page.locator("#s2")).to_have_css("outline-style", "solid")
    ink = page.locator("#s2 .said").evaluate("(one) => getComputedStyle(one).color")
    expect(page.locator("#s1 .doubt").first).to_have_css(
        "color", ink
    )  # as a mark it would have other letters


def test_the_waveform_is_small_and_marks_risk_review_and_what_is_off_the_record(
    site: Watched, session_id: UUID, resources: Resources, office: Office
) -> None:
    off_record.cut(resources, office.caller, session_id, ((50.0, 59.0),), keep_signed_notes=False)
    asked: list[str] = []
    site.page.on("request", lambda request: asked.append(request.url))
    with site.page.expect_response("**/waveform?*") as answer:
        page = site.open(f"/sessions/{session_id}")
    assert len(answer.value.body()) <= 20_000
    drawn(page)
    risk, review, nothing, off = (0.52, 0.63), (0.18, 0.30), (0.02, 0.10), (0.86, 0.97)
    assert all(page.evaluate(PIXELS, [*risk, 0]))
    assert all(page.evaluate(PIXELS, [*review, -1]))
    assert not any(page.evaluate(PIXELS, [*nothing, 0]) + page.evaluate(PIXELS, [*nothing, -1]))
    height = page.evaluate("document.querySelector('.picture canvas').height")
    assert all(page.evaluate(PIXELS, [*off, height // 2 + 1]))
    assert not [url for url in asked if url.endswith("/audio")]  # no byte of it before it is played


def test_the_theme_and_the_speed_that_a_person_chose_count_in_every_browser(
    site: Watched, session_id: UUID
) -> None:
    site.page.emulate_media(color_scheme="light")
    page = site.open(f"/sessions/{session_id}")
    assert page.evaluate(f"({AUDIO})().preservesPitch")
    with page.expect_response("**/api/preferences") as kept:
        page.get_by_label("Speed").select_option("1.5")
    assert kept.value.ok
    paper = "getComputedStyle(document.body).backgroundColor"
    light = site.open("/account").evaluate(paper)
    page.get_by_label("Theme").select_option("dark")
    page.get_by_role("button", name="Use it").click()
    expect(page.get_by_role("status").filter(has_text="is saved for all")).to_be_visible()
    assert page.evaluate(paper) != light
    page.evaluate("localStorage.clear()")
    page = site.open(f"/sessions/{session_id}")
    expect(page.get_by_label("Speed")).to_have_value("1.5")
    assert page.evaluate(f"({AUDIO})().playbackRate") == 1.5

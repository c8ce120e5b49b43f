"""Fifty files at once: each has a bar of its own, what is stopped is stopped, and the page stays quick."""

import dataclasses
import re
from collections.abc import Sequence

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, FilePayload, Page, Route, expect
from sqlalchemy import text

from shared.services.resources import Resources
from tests.browser.conftest import Watched
from tests.browser.test_speed import MOST_INTERACTION_MS, WATCH, told
from tests.database import everything
from tests.integration.api_client import app_of, tone
from tests.servers import Office
from tests.waiting import wait_for

FILES = 50
# Drops a file on the page, as a file manager does.
DROP = """() => {
  const dropped = new DataTransfer();
  const files = ["one.wav", "two.wav"].map((name) => new File(["RIFF"], name, { type: "audio/wav" }));
  for (const file of files) dropped.items.add(file);
  const options = { bubbles: true, cancelable: true, dataTransfer: dropped };
  const isTaken = !document.querySelector("h1").dispatchEvent(new DragEvent("drop", options));
  return [isTaken, ...[...document.querySelector("input[type=file]").files].map((file) => file.name)];
}"""


@pytest.fixture
def app(resources: Resources) -> Flask:
    """With room for all of them within the hour."""
    roomy = dataclasses.replace(resources.settings, uploads_per_hour=1000)
    return app_of(dataclasses.replace(resources, settings=roomy))


def files(bad: int = 0) -> list[FilePayload]:
    """Fifty recordings of a second, the last of them none."""
    good = tone(1.0)
    contents = [good] * (FILES - bad) + [b"no recording at all"] * bad
    return [
        {"name": f"{number}.wav", "mimeType": "audio/wav", "buffer": content}
        for number, content in enumerate(contents, 1)
    ]


def upload(page: Page, chosen: Sequence[FilePayload]) -> None:
    page.get_by_label("Recordings").set_input_files(chosen)
    page.get_by_role("button", name="Upload").click()


def names(resources: Resources) -> int:
    with everything(resources) as db:
        return int(db.scalar(text("SELECT count(*) FROM sessions")) or 0)


def test_of_fifty_files_each_has_its_bar_and_what_is_stopped_or_refused_does_not_hold_up_the_others(
    context: BrowserContext, address: str, office: Office, resources: Resources
) -> None:
    page = context.new_page()
    page.goto(f"{address}/patients/{office.patient_id}")
    held: list[Route] = []

    def hold_the_first_two(route: Route) -> None:
        if len(held) < 2:
            held.append(route)  # they never come through
        else:
            route.continue_()

    page.route("**/api/uploads", hold_the_first_two)
    upload(page, files(bad=2))
    lines = page.locator(".uploads li")
    expect(lines).to_have_count(FILES)
    expect(page.get_by_role("progressbar", name="Upload of 17.wav")).to_be_visible()
    for number in (30, 40):  # they wait, and end at once
        lines.nth(number - 1).get_by_role("button", name="Stop").click()
        expect(lines.nth(number - 1)).to_contain_text("stopped")
    for number in (1, 2):
        lines.nth(number - 1).get_by_role("button", name="Stop").click()
    expect(page.get_by_role("link", name="Open the session")).to_have_count(FILES - 6, timeout=120_000)
    for number in (49, 50):
        expect(lines.nth(number - 1).locator(".wrong")).to_contain_text("a recording has at least")
    expect(page.locator(".uploads .wrong")).to_have_count(6)
    assert names(resources) == FILES - 6


def test_an_upload_that_is_stopped_when_all_had_arrived_says_so(
    context: BrowserContext, address: str, office: Office, resources: Resources
) -> None:
    def answer_late(route: Route) -> None:
        if route.request.method == "PATCH":
            route.fetch()  # the server has all, the browser is not told
        else:
            route.continue_()

    page = context.new_page()
    page.goto(f"{address}/patients/{office.patient_id}")
    page.route("**/api/uploads/*", answer_late)
    upload(page, files()[:1])
    wait_for(lambda: page.evaluate("true") and names(resources) == 1, 30)  # asked, the page goes on
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("It had arrived already.")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("Open the session"))).to_be_visible()


def test_an_upload_that_the_server_takes_later_says_when_and_goes_on_by_itself(
    context: BrowserContext, address: str, office: Office
) -> None:
    limited = {"Retry-After": "2", "Content-Type": "application/problem+json"}
    page = context.new_page()
    page.goto(f"{address}/patients/{office.patient_id}")
    page.route("**/api/uploads", lambda route: route.fulfill(status=429, headers=limited, body="{}"))
    upload(page, files()[:1])
    expect(page.get_by_text("The server takes the next at")).to_be_visible()
    page.unroute("**/api/uploads")
    expect(page.get_by_role("link", name="Open the session")).to_be_visible()


def test_files_may_be_dropped_anywhere_on_the_page(site: Watched, office: Office) -> None:
    page = site.open(f"/patients/{office.patient_id}")
    assert page.evaluate(DROP) == [True, "one.wav", "two.wav"]


@pytest.mark.long  # a busy machine is no fault of the page
def test_while_fifty_files_are_sent_the_page_answers_at_once(
    context: BrowserContext, address: str, office: Office, resources: Resources
) -> None:
    context.add_init_script(WATCH)
    page = context.new_page()
    page.goto(f"{address}/patients/{office.patient_id}")
    upload(page, files())
    done = page.get_by_role("link", name="Open the session")
    speakers, date = page.get_by_label("Speakers"), page.get_by_label("Session of")
    used = 0
    while done.count() < FILES:
        speakers.fill(str(used % 6 + 1))
        speakers.press("ArrowUp")
        date.click()
        page.keyboard.press("Tab")
        page.get_by_role("heading", name="Upload a recording").click()
        used += 1
    slowest = max(page.evaluate("() => interactions"), default=[0, "none"])
    told("fifty files, slowest interaction", milliseconds=slowest[0], event=slowest[1], rounds=used)
    assert used >= 3
    assert slowest[0] < MOST_INTERACTION_MS

"""How fast the pages are with a long session and many: figures on standard output, and bounds for them."""

from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from shared.services.resources import Resources
from tests.browser import sample
from tests.servers import Office
from tests.waiting import wait_for

pytestmark = pytest.mark.long  # a busy machine is no fault of the pages

TURNS, SESSIONS = 1080, 50  # three hours in turns of ten seconds
SAID = (
    "and then I said to her that we would talk about it in the evening when the children were asleep and she "
    "had eaten and so we did for a while"
)
MOST_MS, MOST_INTERACTION_MS = 1000, 200
WATCH = """
window.interactions = [];
new PerformanceObserver((list) => {
  for (const { interactionId, duration, name } of list.getEntries())
    if (interactionId) interactions.push([duration, name]);
}).observe({ type: "event", durationThreshold: 16, buffered: true });
const note = () => (window.drawnAt = performance.now());
addEventListener("load", () => requestAnimationFrame(() => setTimeout(note)));
"""
FIGURES = """() => {
  const [navigation] = performance.getEntriesByType("navigation");
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  return window.drawnAt && paint ? {
    server: navigation.responseStart - navigation.requestStart,
    first_paint: paint.startTime - navigation.responseStart,
    drawn: window.drawnAt - navigation.responseStart,
  } : null;
}"""


def test_a_session_of_three_hours_is_drawn_within_a_second_and_answers_at_once(
    context: BrowserContext, address: str, resources: Resources, office: Office
) -> None:
    turns = [(f"Speaker {1 + number % 2}", SAID) for number in range(TURNS)]
    assert len(SAID.split()) * TURNS >= 30_000
    session_id = sample.put(resources, office, sample.transcript(turns))
    for _ in range(SESSIONS - 1):
        sample.put(resources, office)
    context.add_init_script(WATCH)
    page = context.new_page()
    for path in ("/today", f"/patients/{office.patient_id}", f"/sessions/{session_id}"):
        figures = drawn(page, address + path)
        told(path.split("/")[1], **figures)
        assert figures["drawn"] < MOST_MS
    use(page)
    slowest = max(page.evaluate("() => interactions"), default=[0, "none"])
    told("slowest interaction", milliseconds=slowest[0], event=slowest[1])
    assert slowest[0] < MOST_INTERACTION_MS


def drawn(page: Page, url: str) -> dict[str, float]:
    """Open a page for the second time; milliseconds of the server, and after its answer."""
    page.goto(url)
    page.goto(url)
    wait_for(lambda: page.evaluate(FIGURES))
    found: dict[str, float] = page.evaluate(FIGURES)
    return found


def use(page: Page) -> None:
    """What a therapist does: play, jump, find words in doubt, correct one, scroll, open the keys."""
    for number in (2, 500, 1000):
        said = page.locator(f"#s{number} .said")
        said.scroll_into_view_if_needed()
        said.click(position={"x": 60, "y": 10})
    for key in ("k", "l", "j", "]", "[", "n", "p", "Shift+ArrowRight", "f", "e", "Escape", "?", "Escape"):
        page.keyboard.press(key)
    page.mouse.wheel(0, 4000)
    page.get_by_label("Position").press("End")


def told(what: str, **figures: Any) -> None:
    """One line for the documentation."""
    print(
        what, {name: round(value) if isinstance(value, float) else value for name, value in figures.items()}
    )

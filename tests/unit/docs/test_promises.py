"""Each promise of README, reliability, notes and security has a test that guards it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TESTING = (ROOT / "docs" / "testing.md").read_text()
PAGES = {"README": "README.md", "Reliability": "docs/reliability.md", "Notes": "docs/notes.md"}
# Where a page promises: every point of these lists needs a line. What else it promises may have one.
LISTS = {
    "README": [("# sessionscribe", "## Try it")],
    "Reliability": [("## What is promised", "## How it is tested")],
    "Notes": [
        ("Then code, not the engine, decides:", "How well this works"),
        ("## The safety lane", "What it does **not** promise:"),
    ],
}


def plain(text: str) -> str:
    """The words of a page, as they are read: without links, marks and line breaks."""
    unlinked = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"\s+", " ", re.sub(r"[*`]", "", unlinked))


def part(text: str, begin: str, end: str) -> str:
    assert begin in text, begin
    found, _, rest = text.partition(begin)[2].partition(end)
    assert rest, end
    return found


def lines_of(page: str) -> list[tuple[str, str]]:
    """The promises of a page in the table, and what stands beside each."""
    table = re.split(r"^#+ ", part(TESTING, f"### {page}\n", "## Plausible faults"), flags=re.MULTILINE)[0]
    return re.findall(r"^\| (?!promise|---)(.+?) \| (.+) \|$", table, re.MULTILINE)


def points(text: str) -> Iterator[str]:
    """Each item of the lists of a text, without the items within it."""
    for item in re.split(r"^ *(?:-|\d+\.) ", text, flags=re.MULTILINE)[1:]:
        yield plain(item)


@pytest.mark.parametrize("page", PAGES)
def test_a_promise_of_the_table_stands_so_on_its_page(page: str) -> None:
    text = plain((ROOT / PAGES[page]).read_text())
    promises = [promise for promise, _ in lines_of(page)]
    assert len(promises) >= 6
    assert [promise for promise in promises if plain(promise) not in text] == []


@pytest.mark.parametrize("page", PAGES)
def test_each_point_of_what_a_page_promises_has_a_line(page: str) -> None:
    text = (ROOT / PAGES[page]).read_text()
    promises = [plain(promise) for promise, _ in lines_of(page)]
    made = [point for begin, end in LISTS[page] for point in points(part(text, begin, end))]
    assert len(made) >= 3
    assert [point for point in made if not any(promise in point for promise in promises)] == []


@pytest.mark.parametrize("page", [*PAGES, "Security"])
def test_each_promise_names_tests_and_nothing_else(page: str) -> None:
    """That these tests exist is checked with all others that a page names."""
    lines = lines_of(page)
    assert lines
    assert [line for line in lines if not re.fullmatch(r"`test_\w+`(?:, `test_\w+`)*", line[1])] == []

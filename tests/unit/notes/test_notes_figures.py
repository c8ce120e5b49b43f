"""What the notes find in the labelled text they were developed on never gets less."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.notes import measure

FOLDER = Path(__file__).parents[2] / "fixtures" / "developed_on"
FLOORS = json.loads((FOLDER / "floors.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    return measure(FOLDER / "transcripts", FOLDER / "statements", FOLDER / "claims")


def figure(figures: dict[str, Any], path: str) -> float:
    found: Any = figures
    for name in path.split("."):
        found = found[name]
    return 0.0 if found is None else float(found)


@pytest.mark.parametrize("path", sorted(FLOORS["at_least"]))
def test_nothing_is_found_less_often_than_before(figures: dict[str, Any], path: str) -> None:
    assert figure(figures, path) >= FLOORS["at_least"][path]


@pytest.mark.parametrize("path", sorted(FLOORS["at_most"]))
def test_nothing_is_got_wrong_more_often_than_before(figures: dict[str, Any], path: str) -> None:
    assert figure(figures, path) <= FLOORS["at_most"][path]


def test_the_figures_are_json(figures: dict[str, Any]) -> None:
    assert json.loads(json.dumps(figures)) == figures

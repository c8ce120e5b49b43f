"""What the rules must not raise an alert for: denials in talk, acts of love, questions about other things."""

import pytest

from tests.fixtures.transcripts.loading import from_lines
from workers.engines.screen.screening import RiskScreen

ASKED = "T: Do you ever get to hurting yourself, or wishing you weren't alive?"


def alerts(*lines: str) -> list[str]:
    """The kinds that alert, by the rules alone."""
    found = RiskScreen(lambda: None)(from_lines(list(lines)))
    return [flag.text("type") for flag in found.flags if flag.text("level") == "alert"]


@pytest.mark.parametrize(
    "line",
    [
        "C: She never raised a hand to me or the boys.",
        "C: He hasn't laid a finger on me since we met.",
        "C: They never once put their hands on my neck.",
        "C: I'd step in front of a bus for those kids.",
        "C: I'd lie down under a train for her.",
    ],
)
def test_a_denial_inside_the_words_and_an_act_of_love_raise_nothing(line: str) -> None:
    assert alerts(line) == []


@pytest.mark.parametrize(
    "line",
    [
        "C: He raised a hand to me and never said sorry.",
        "C: She never stopped hitting me.",
        "C: I'd step in front of a bus.",
    ],
)
def test_the_same_words_without_the_denial_or_the_love_raise_an_alert(line: str) -> None:
    assert alerts(line)


def test_a_no_with_ordinary_life_after_it_is_a_denial() -> None:
    assert alerts(ASKED, "C: No. I've never done anything like that. I just watch the telly.") == []


def test_a_just_that_takes_the_no_back_is_no_denial() -> None:
    said = from_lines([ASKED, "C: No. I just think about it."])
    assert any(not flag.has("negated") for flag in RiskScreen(lambda: None)(said).flags)


def test_a_question_about_a_speech_asks_nothing_of_suicide() -> None:
    assert alerts("T: Is there something you'd like to prepare for the speech?", "C: I'd like to.") == []


def test_a_question_about_preparations_still_asks_of_suicide() -> None:
    asked = "T: Have you thought of killing yourself? Have you done anything to prepare?"
    assert alerts(asked, "C: Yes. Most of it.") == ["suicidal_ideation"]

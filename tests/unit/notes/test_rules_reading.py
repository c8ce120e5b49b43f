"""Topics that were talked about, moods that can be told, and what set distress off."""

import pytest

from shared.domain.values import ExtractionRequest
from shared.domain.verification.boilerplate import MOOD_UNKNOWN
from tests.fixtures.transcripts.loading import from_lines
from workers.engines.rules import RulesExtractor
from workers.engines.rules.feelings import all_feelings, course_of, mood_of
from workers.engines.rules.findings import triggers_in
from workers.engines.rules.reading import Reading, read
from workers.engines.rules.topics import topics_in

OPENING = [
    "T: How are you?",
    "C: All right.",
    "T: How was the journey?",
    "C: Fine.",
    "T: Shall we begin?",
    "C: Yes.",
]


def reading(*lines: str) -> Reading:
    return read(from_lines([*OPENING, *lines]))


def topics(*lines: str) -> list[str]:
    return [topic.label for topic in topics_in(reading(*lines))]


def test_a_topic_is_what_was_asked_about_and_answered() -> None:
    assert topics("T: How is the drinking?", "C: Not good, four cans a day.") == ["substance use"]


def test_a_topic_is_what_comes_up_in_several_turns() -> None:
    assert topics("C: My boss called.", "T: Go on.", "C: The deadline moved.") == ["work"]


@pytest.mark.parametrize(
    "line",
    [
        "Oh my god, the journey.",
        "That is a pain to carry.",
        "My sister waved.",
        "Nobody died.",
        "I left it at my sister's.",
    ],
)
def test_a_word_in_passing_is_no_topic(line: str) -> None:
    talk = ["T: It rained.", "C: It did, all the way from the station to here."] * 3
    assert topics(*talk, f"C: {line}") == []


def mood(*lines: str) -> tuple[str, str]:
    said = reading(*lines)
    felt = all_feelings(said)
    return mood_of(said, felt).value, course_of(said, felt).value


def test_a_mood_that_the_words_do_not_tell_is_not_made_up() -> None:
    assert mood("C: I went to the shop.", "C: It was shut.") == ("cannot_tell", "cannot_tell")
    assert mood("C: I was sad and angry.", "C: I was happy and proud.") == ("cannot_tell", "cannot_tell")


def test_what_the_client_says_of_change_is_the_course() -> None:
    assert mood("C: It is getting better.", "C: I managed to go out.")[1] == "improving"
    assert mood("C: It is getting worse.", "C: I stopped seeing people.")[1] == "declining"
    assert mood("C: It is getting better.")[1] == "cannot_tell"
    assert mood("C: It is not getting better.", "C: I have not managed to go out.")[1] != "improving"


def test_the_notes_say_that_they_cannot_tell() -> None:
    said = from_lines([*OPENING, "C: I went to the shop."])
    notes = RulesExtractor().extract(said, ExtractionRequest())
    assert (notes["session_mood"], notes["mood_trajectory"]) == ("cannot_tell", "cannot_tell")
    assert notes["field_evidence"]["session_mood"][0]["sentence"] == MOOD_UNKNOWN


@pytest.mark.parametrize(
    ("line", "trigger"),
    [
        ("I get panic attacks in the carpool line.", "in the carpool line"),
        ("I hate the platform.", "the platform"),
        ("First day back I nearly threw up.", "First day back"),
    ],
)
def test_a_trigger_is_named_by_place_or_time(line: str, trigger: str) -> None:
    assert [item.text("trigger") for item in triggers_in(reading(f"C: {line}"))] == [trigger]


def test_what_a_therapist_asks_for_as_the_cause_is_the_trigger() -> None:
    (found,) = triggers_in(reading("T: What is different about this week?", "C: My flatmate is moving out."))
    assert found.text("trigger") == "My flatmate is moving out."
    assert len(found.evidence) == 2

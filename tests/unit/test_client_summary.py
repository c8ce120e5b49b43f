"""What is kept from the client's summary, whichever engine wrote it."""

import pytest

from shared.domain.notes.client_summary import ABOUT_MEDICATION, NOT_TAKEN_ON, SAFETY_STEP, WORDS_OF_RISK
from shared.domain.notes.drafts import checked
from shared.domain.values import ExtractionRequest, JsonObject, Transcript
from tests.fixtures.transcripts.loading import from_lines
from workers.engines.rules import RulesExtractor, screen

OPENING = [
    "T: How are you?",
    "C: Not well.",
    "T: How was the week?",
    "C: Long.",
    "T: Shall we begin?",
    "C: Yes.",
]


def notes_of(said: Transcript, *sentences: tuple[str, int]) -> JsonObject:
    """The rules' notes with these sentences in the client's summary, each with the turn that it cites."""
    draft = RulesExtractor().extract(said, ExtractionRequest())
    for sentence, segment in sentences:
        evidence = [{"segment": segment, "quote": said.segments[segment].text}]
        draft["field_evidence"]["patient_summary"].append({"sentence": sentence, "evidence": evidence})
    return checked(draft, said, screen(said))


@pytest.mark.parametrize(
    ("line", "sentence", "reason"),
    [
        ("C: I take sertraline in the morning.", "You take sertraline in the morning.", ABOUT_MEDICATION),
        ("C: I take my tablets every morning.", "You take your tablets every morning.", ABOUT_MEDICATION),
        ("T: I would like you to visit your aunt.", "You were asked to visit your aunt.", NOT_TAKEN_ON),
        ("C: I want to kill myself.", "You said: “I want to kill myself.”", WORDS_OF_RISK),
    ],
)
def test_it_is_set_apart_with_its_reason(line: str, sentence: str, reason: str) -> None:
    notes = notes_of(from_lines([*OPENING, line, "C: The weather was cold."]), (sentence, 6))
    assert sentence not in notes["patient_summary"]
    assert reason in {
        entry["reason"] for entry in notes["unsupported"] if entry["field"] == "patient_summary"
    }
    assert "many_unsupported" not in {reason["code"] for reason in notes["review_reasons"]}


def test_a_task_that_was_accepted_is_told() -> None:
    asked = ["T: I would like you to visit your aunt on Sunday.", "C: Okay, I will."]
    notes = notes_of(from_lines([*OPENING, *asked]))
    assert "You agreed to visit your aunt on Sunday." in notes["patient_summary"]
    assert "The client agreed to visit their aunt on Sunday." in notes["therapist_notes"]


def test_violence_at_home_warns_before_the_summary_is_handed_over() -> None:
    hit = "C: My husband hits me when he is drunk."
    asked = ["T: I want you to pack a bag at your sister's house.", "C: Okay, I will."]
    notes = notes_of(from_lines([*OPENING, hit, *asked]))
    assert "violence_at_home" in {reason["code"] for reason in notes["review_reasons"]}
    assert "pack a bag" not in notes["patient_summary"]
    kept = {entry["reason"] for entry in notes["unsupported"] if entry["field"] == "patient_summary"}
    assert SAFETY_STEP in kept
    without = notes_of(from_lines([*OPENING, *asked]))
    assert "violence_at_home" not in {reason["code"] for reason in without["review_reasons"]}

"""The client's summary: written on request only, and what is kept from it."""

import re

import pytest

from shared.domain.notes.client_summary import (
    ABOUT_MEDICATION,
    HAND_OVER,
    NOT_TAKEN_ON,
    SAFETY_STEP,
    WORDS_OF_RISK,
    summarised,
)
from shared.domain.notes.items import Evidence, Sentence
from shared.domain.notes.values import Notes
from shared.domain.values import ExtractionRequest, JsonObject, Transcript
from shared.domain.verification import boilerplate
from shared.schemas.notes import NotesSchema
from tests.fixtures.transcripts.loading import NAMES, from_lines, golden
from tests.note_documents import checked, with_client_summary
from workers.engines.rules import RulesExtractor, screen

OPENING = [
    "T: How are you?",
    "C: Not well.",
    "T: How was the week?",
    "C: Long.",
    "T: Shall we begin?",
    "C: Yes.",
]


def drafted(said: Transcript) -> JsonObject:
    return checked(RulesExtractor().extract(said, ExtractionRequest()), said, screen(said))


def notes_of(said: Transcript, *sentences: tuple[str, int]) -> JsonObject:
    """The notes with a client's summary, of these sentences (each with the turn that it cites) if any."""
    if not sentences:
        return with_client_summary(drafted(said), said)
    written = [
        Sentence(text=sentence, evidence=(Evidence(number, 0.0, 0.0, said.segments[number].text),))
        for sentence, number in sentences
    ]
    return summarised(Notes.of(drafted(said)), said, written).document


def test_a_draft_has_none_even_if_the_engine_wrote_one() -> None:
    said = golden("cbt_anxiety")
    draft = RulesExtractor().extract(said, ExtractionRequest())
    assert draft["patient_summary"] == ""
    draft["field_evidence"]["patient_summary"] = draft["field_evidence"]["therapist_notes"]
    notes = checked(draft, said, screen(said))
    assert (notes["patient_summary"], notes["field_evidence"]["patient_summary"]) == ("", [])


@pytest.mark.parametrize("name", NAMES)
def test_one_is_written_from_the_notes_with_evidence_and_without_markup_or_numbers(name: str) -> None:
    said = golden(name)
    notes = with_client_summary(drafted(said), said)
    sentences = notes["field_evidence"]["patient_summary"]
    assert len(notes["patient_summary"].split()) >= 40
    assert all(sentence["evidence"] or sentence["structural"] for sentence in sentences)
    assert not re.search(r"\d|https?:|<", re.sub(r"“[^”]*”", "", notes["patient_summary"]))
    assert NotesSchema().validate(notes) == {}
    assert with_client_summary(notes, said) == notes


def test_it_repeats_no_words_of_risk_and_names_help() -> None:
    summary = notes_of(golden("active_si_with_plan"))["patient_summary"]
    assert not re.search(r"kill|pills|goodbye", summary)
    assert boilerplate.PATIENT_HELP in summary


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


def test_a_task_that_was_accepted_is_told() -> None:
    asked = ["T: I would like you to visit your aunt on Sunday.", "C: Okay, I will."]
    notes = notes_of(from_lines([*OPENING, *asked]))
    assert "You agreed to visit your aunt on Sunday." in notes["patient_summary"]
    assert "The client agreed to visit their aunt on Sunday." in notes["therapist_notes"]


def test_a_violence_that_the_clinician_added_warns_too() -> None:
    said = from_lines([*OPENING, "C: The weather was cold."])
    flag = {"type": "domestic_violence", "severity": "medium", "about": "self", "evidence": []}
    notes = with_client_summary({**drafted(said), "risk_flags": [flag]}, said)
    assert {"code": "violence_at_home", "detail": HAND_OVER} in notes["review_reasons"]
    assert notes["needs_review"]


def test_violence_at_home_warns_before_the_summary_is_handed_over() -> None:
    hit = "C: My husband hits me when he is drunk."
    asked = ["T: I want you to pack a bag at your sister's house.", "C: Okay, I will."]
    notes = notes_of(from_lines([*OPENING, hit, *asked]))
    assert "violence_at_home" in {reason["code"] for reason in notes["review_reasons"]}
    assert "pack a bag" not in notes["patient_summary"]
    assert "safety" not in notes["patient_summary"]
    kept = {entry["reason"] for entry in notes["unsupported"] if entry["field"] == "patient_summary"}
    assert SAFETY_STEP in kept
    without = notes_of(from_lines([*OPENING, *asked]))
    assert "violence_at_home" not in {reason["code"] for reason in without["review_reasons"]}

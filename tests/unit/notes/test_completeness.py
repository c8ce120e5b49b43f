"""Medical necessity, and requests to add what a clinician has added by now."""

import pytest

from shared.domain.template_forms import BUILT_IN
from shared.domain.values import ExtractionRequest, JsonObject
from shared.domain.verification.boilerplate import NOTHING_FOR_PART, TO_ADD
from tests.fixtures.transcripts.loading import golden
from tests.note_documents import checked, edited, rendered
from workers.engines.rules import RulesExtractor, screen

SAID = golden("cbt_anxiety")
NOTES = rendered(
    checked(RulesExtractor().extract(SAID, ExtractionRequest()), SAID, screen(SAID)), BUILT_IN["soap"], SAID
)
ASKS = TO_ADD["medical_necessity"]


def missing(notes: JsonObject) -> set[str]:
    return {entry["item"] for entry in notes["completeness"]["missing"]}


def told(notes: JsonObject) -> list[str]:
    return [one["sentence"] for part in notes["sections"] for one in part["sentences"]]


@pytest.mark.parametrize(
    "text",
    [
        "Her anxiety impairs her at work.",
        "She is unable to work since March.",
        "Panic limits what she can do at school.",
        "Weekly treatment is needed to keep her job.",
        "No suicidal thoughts; depression interferes with sleep.",
        "Medical necessity: moderate depression, absent from work.",
    ],
)
def test_a_statement_of_need_counts(text: str) -> None:
    assert "medical_necessity" not in missing(edited({"therapist_notes": text}, NOTES, SAID))


@pytest.mark.parametrize(
    "text",
    [
        "No impairment in functioning.",
        "She was unable to attend last week.",
        "She does not meet criteria for depression.",
        "Medical necessity: not established yet.",
        "We spoke about setting limits at home.",
        "She said: “I am impaired at work.”",
        ASKS,
    ],
)
def test_a_denial_or_something_else_does_not(text: str) -> None:
    assert "medical_necessity" in missing(edited({"therapist_notes": text}, NOTES, SAID))


def test_a_statement_that_the_transcript_bears_out_counts_as_well() -> None:
    before = edited({}, NOTES, SAID)
    evidence = [{"segment": 1, "start": 0.0, "end": 1.0, "quote": SAID.segments[1].text}]
    words = f"“{SAID.segments[1].text}” impairs."
    sentence = {"sentence": words, "structural": False, "evidence": evidence, "verified": True}
    assert "medical_necessity" in missing(before)
    # As the check of the draft would leave it, whatever it decides on these words.
    stored = {**NOTES, "field_evidence": {**NOTES["field_evidence"], "therapist_notes": [sentence]}}
    found = rendered(stored, BUILT_IN["soap"], SAID)
    assert "medical_necessity" not in missing(found)
    (present,) = [one for one in found["completeness"]["present"] if one["item"] == "medical_necessity"]
    assert [piece["quote"] for piece in present["evidence"]] == [SAID.segments[1].text]


def test_a_request_goes_when_it_is_met() -> None:
    assert ASKS in told(NOTES)
    after = edited({"therapist_notes": "Her anxiety impairs her at work."}, NOTES, SAID)
    assert ASKS not in told(after)
    assert all(part["sentences"] for part in after["sections"])
    others = {TO_ADD[item] for item in missing(after) & TO_ADD.keys()} & set(told(NOTES))
    assert others <= set(told(after))  # what is still missing is still asked for


def test_a_part_of_requests_alone_is_never_left_empty() -> None:
    fixed = {"sentence": ASKS, "structural": True, "evidence": [], "verified": True}
    base = {**NOTES, "sections": [{"name": "need", "title": "Need", "sentences": [fixed]}]}
    after = edited({"therapist_notes": "Her anxiety impairs her at work."}, base, SAID)
    assert told(after)[0] == NOTHING_FOR_PART


def test_only_a_templates_part_asks_to_add() -> None:
    after = edited({"therapist_notes": ASKS}, NOTES, SAID)
    assert not any(one["verified"] for one in after["field_evidence"]["therapist_notes"])

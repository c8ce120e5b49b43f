"""Notes that stricter rules check again: what an engine wrote is never called the clinician's."""

from typing import Any

import pytest

from shared.domain.notes.stored import upgraded
from shared.domain.values import JsonObject
from tests.fixtures.transcripts.loading import from_lines
from tests.note_documents import edited, merged, rechecked

SAID = from_lines(("T: How was the week?", "C: My husband never speaks to me now.", "C: I sleep badly."))
QUOTE = "My husband never speaks to me now."
# Stood by the rules of an earlier release.
FORMER = "The client currently feels close to her husband."


def sentence(text: str, segment: int = 1, quote: str = QUOTE) -> JsonObject:
    evidence = [{"segment": segment, "start": 0.0, "end": 1.0, "quote": quote}]
    return {"sentence": text, "structural": False, "evidence": evidence, "verified": True}


def document(*sentences: JsonObject) -> JsonObject:
    text = " ".join(one["sentence"] for one in sentences)
    return upgraded({"therapist_notes": text, "field_evidence": {"therapist_notes": list(sentences)}})


def marks(notes: JsonObject, text: str) -> list[dict[str, Any]]:
    kept = [one for one in notes["field_evidence"]["therapist_notes"] if one["sentence"] == text]
    return [{name: one.get(name, False) for name in MARKS} for one in kept]


MARKS = ("verified", "by_clinician", "words_changed")
NO_MARK = [{"verified": False, "by_clinician": False, "words_changed": False}]


@pytest.mark.parametrize("text", ["", " She looked tired."])
def test_an_edit_does_not_make_the_engines_words_the_clinicians(text: str) -> None:
    base = document(sentence(FORMER))
    after = edited({"topic_summary": "She came in pale.", "therapist_notes": FORMER + text}, base, SAID)
    assert marks(after, FORMER) == NO_MARK
    (own,) = after["field_evidence"]["topic_summary"]
    assert own["by_clinician"]
    assert marks(edited({"topic_summary": "Pale."}, after, SAID), FORMER) == NO_MARK


def test_what_is_taken_from_an_offer_is_not_the_clinicians() -> None:
    after = merged(document(), document(sentence(FORMER)), ["therapist_notes"], SAID)
    assert marks(after, FORMER) == NO_MARK


def test_words_that_read_as_before_are_not_called_corrected() -> None:
    after = rechecked(document(sentence(FORMER)), SAID)
    assert marks(after, FORMER) == NO_MARK
    assert "changed" not in after["field_evidence"]["therapist_notes"][0]["evidence"][0]


def test_words_that_read_differently_are() -> None:
    poor = sentence("The client sleeps badly.", 2, "I sleep badly.")
    said = from_lines(("T: How was the week?", f"C: {QUOTE}", "C: I sleep gladly."))
    changed = [{"verified": False, "by_clinician": False, "words_changed": True}]
    assert marks(rechecked(document(poor), said), poor["sentence"]) == changed
    assert marks(edited({"topic_summary": "Pale."}, document(poor), said), poor["sentence"]) == changed

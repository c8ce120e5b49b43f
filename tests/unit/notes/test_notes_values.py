"""Notes as values: frozen, and the same document again."""

import json
from dataclasses import FrozenInstanceError

import pytest

from shared.domain.notes.items import Evidence, Item, Sentence
from shared.domain.notes.stored import upgraded
from shared.domain.notes.values import Notes
from shared.domain.template_forms import BUILT_IN
from shared.domain.values import ExtractionRequest, JsonObject
from shared.domain.verification.evidence import verified
from shared.schemas.notes import NotesSchema
from tests.fixtures.transcripts.loading import NAMES, from_lines, golden
from tests.note_documents import checked, edited, rechecked, rendered
from tests.unit.notes.test_stored_notes import STORED
from workers.engines.rules import RulesExtractor, screen

HEARD = golden("cbt_anxiety")
DRAFT = RulesExtractor().extract(HEARD, ExtractionRequest())
# Every mark that an item can have: a clinician's, and one that a correction took the words from.
EDITED = edited({"therapist_notes": "He looked tired."}, checked(DRAFT, HEARD, screen(HEARD)), HEARD)
CORRECTED = rechecked(EDITED, from_lines(["C: Something else was said."]))


@pytest.mark.parametrize("name", NAMES)
def test_notes_that_are_read_are_written_as_the_same_document(name: str) -> None:
    heard = golden(name)
    draft = RulesExtractor().extract(heard, ExtractionRequest())
    notes = checked(draft, heard, screen(heard))
    for document in (draft, notes, rendered(notes, BUILT_IN["soap"], heard)):
        assert Notes.of(document).document == document


@pytest.mark.parametrize("document", [EDITED, CORRECTED], ids=["edited", "corrected"])
def test_the_marks_of_a_check_are_written_as_they_were_read(document: JsonObject) -> None:
    assert "by_clinician" in json.dumps(document)
    assert Notes.of(document).document == document
    assert NotesSchema().validate(document) == {}


@pytest.mark.parametrize("name", STORED)
def test_stored_notes_of_every_release_keep_what_they_say(name: str) -> None:
    document = upgraded(STORED[name])
    apart = {"unsupported", "written_parts"}
    again = Notes.of(document).document
    assert {key: again[key] for key in document if key not in apart} == {
        key: value for key, value in document.items() if key not in apart
    }
    assert [entry["reason"] for entry in again["unsupported"]] == [
        entry["reason"] for entry in document["unsupported"]
    ]


def test_what_this_release_does_not_know_is_kept() -> None:
    assert Notes.of({**EDITED, "of_a_newer_release": [1]}).document["of_a_newer_release"] == [1]


def test_a_reason_of_a_newer_release_is_read() -> None:
    reason = {"code": "risk", "detail": "Look.", "severity": "high"}
    (read,) = Notes.of({**EDITED, "review_reasons": [reason]}).review_reasons or ()
    assert (read.code, read.detail) == ("risk", "Look.")


def test_a_check_changes_nothing_that_it_was_given() -> None:
    notes = Notes.of(DRAFT)
    before = json.dumps(notes.document, sort_keys=True)
    found = verified(notes, from_lines(["C: Something else was said."]))
    assert found.unsupported
    assert json.dumps(notes.document, sort_keys=True) == before


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (Evidence(0, 0.0, 1.0, "said"), "quote"),
        (Item(properties={"text": "work"}), "verified"),
        (Sentence(text="Work."), "text"),
        (Notes.of({}), "items"),
    ],
)
def test_values_are_frozen(value: object, name: str) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(value, name, None)

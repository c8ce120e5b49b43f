"""Stored notes of past releases are read, edited and put into templates by this one."""

import json
from pathlib import Path

import pytest

from shared.domain.notes.diff import differences
from shared.domain.notes.stored import SCHEMA_VERSION, upgraded
from shared.domain.notes.values import Notes
from shared.domain.template_forms import BUILT_IN
from shared.domain.values import JsonObject
from shared.schemas.notes import NotesSchema
from tests.fixtures.transcripts.loading import from_lines
from tests.note_documents import edited, rendered, with_client_summary

FOLDER = Path(__file__).parents[2] / "fixtures" / "stored_notes"
SAID = from_lines((FOLDER / "said.txt").read_text("utf-8").splitlines())
STORED = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))}


@pytest.fixture(params=STORED)
def stored(request: pytest.FixtureRequest) -> JsonObject:
    document: JsonObject = json.loads(json.dumps(STORED[request.param]))
    return document


def test_there_is_a_document_of_every_past_shape() -> None:
    versions = {document.get("schema_version", 1) for document in STORED.values()}
    assert versions == set(range(1, SCHEMA_VERSION))


def test_it_has_every_field_of_this_release_and_keeps_its_own(stored: JsonObject) -> None:
    before = json.loads(json.dumps(stored))
    document = upgraded(stored)
    assert NotesSchema().validate(document) == {}
    assert stored == before
    kept = {
        name: document[name]
        for name in before
        if name not in ("risk_flags", "field_evidence", "schema_version")
    }
    assert kept == {name: before[name] for name in kept}
    assert document["schema_version"] == SCHEMA_VERSION


def test_it_is_edited(stored: JsonObject) -> None:
    after = edited({"therapist_notes": "He looked tired."}, upgraded(stored), SAID)
    assert after["therapist_notes"] == "He looked tired."
    assert NotesSchema().validate(after) == {}


def test_a_clients_summary_that_was_drafted_stays_until_another_is_asked_for(stored: JsonObject) -> None:
    document = upgraded(stored)
    assert document["patient_summary"] == stored.get("patient_summary", "")
    after = with_client_summary(document, SAID)
    assert after["patient_summary"] not in ("", document["patient_summary"])
    assert NotesSchema().validate(after) == {}


@pytest.mark.parametrize("template", BUILT_IN)
def test_it_is_put_into_every_template(stored: JsonObject, template: str) -> None:
    after = rendered(upgraded(stored), BUILT_IN[template], SAID)
    assert NotesSchema().validate(after) == {}
    assert bool(after.get("sections")) is (template != "default")


def test_a_field_that_was_lost_is_empty_and_breaks_nothing(stored: JsonObject) -> None:
    for name in list(stored):
        document = upgraded({key: value for key, value in stored.items() if key != name})
        assert NotesSchema().validate(document) == {}
        rendered(edited({}, document, SAID), BUILT_IN["soap"], SAID)


def test_an_addendum_and_notes_of_a_newer_release_stay_as_they_are() -> None:
    for document in ({"text": "Added."}, {"schema_version": SCHEMA_VERSION + 1, "more": []}):
        assert upgraded(document) is document


def test_two_shapes_differ_in_what_was_stored_and_not_in_what_was_filled_in(stored: JsonObject) -> None:
    once = upgraded(stored)
    assert differences(Notes.of(once), Notes.of(upgraded(once))) == []

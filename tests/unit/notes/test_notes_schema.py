"""The shape of the notes."""

from typing import Any

import pytest

from shared.domain.values import ExtractionRequest, JsonObject
from shared.schemas.notes import NotesSchema
from tests.fixtures.transcripts.loading import golden
from workers.engines.rules import RulesExtractor

# What verification adds, and what has a value of its own until somebody says otherwise.
SET_LATER = {
    "sections", "unsupported", "draft", "template", "needs_review", "review_reasons", "completeness",
    "provenance", "written_parts", "schema_version", "risk_readers",
}  # fmt: skip


@pytest.fixture
def valid() -> JsonObject:
    return RulesExtractor().extract(golden("cbt_anxiety"), ExtractionRequest())


def test_notes_load_to_what_they_were(valid: JsonObject) -> None:
    assert NotesSchema().load(valid) == valid


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("session_mood", "happy"),
        ("mood_trajectory", "upwards"),
        ("key_topics", [{"text": "work", "evidence": [], "verified": True}] * 8),
        ("key_topics", ["work"]),
        ("risk_flags", [{"type": "none", "severity": "low", "evidence": []}]),
        ("strategies", [{"name": "x", "category": "y", "status": "done", "context": "", "evidence": []}]),
        ("triggers", [{"trigger": "x", "context": "", "severity": "huge", "evidence": []}]),
        ("action_items", [{"task": "x", "category": "y", "details": "z"}]),
    ],
)
def test_a_value_outside_the_contract_is_refused(valid: JsonObject, field: str, value: Any) -> None:
    assert field in NotesSchema().validate({**valid, field: value})


def test_a_field_that_nobody_knows_is_refused(valid: JsonObject) -> None:
    assert "advice" in NotesSchema().validate({**valid, "advice": "none"})


@pytest.mark.parametrize("field", sorted(NotesSchema().fields.keys() - SET_LATER))
def test_every_part_of_the_notes_is_required(valid: JsonObject, field: str) -> None:
    assert field in NotesSchema().validate({key: value for key, value in valid.items() if key != field})


def test_fewer_than_three_topics_are_allowed(valid: JsonObject) -> None:
    assert NotesSchema().validate({**valid, "key_topics": []}) == {}


def test_evidence_points_to_a_segment_by_number(valid: JsonObject) -> None:
    evidence = [{"segment": "first", "start": 0.0, "end": 1.0, "quote": "work"}]
    topics = [{"text": "work", "evidence": evidence, "verified": False}]
    assert "key_topics" in NotesSchema().validate({**valid, "key_topics": topics})

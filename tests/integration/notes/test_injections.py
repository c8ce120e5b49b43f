"""Hostile transcripts against a model that obeys them: what is tested is the guard, not the model."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from shared.domain.template_forms import Part, Template
from shared.domain.values import ExtractionRequest, JsonObject, Transcript
from shared.domain.verification.claims import has_markup
from shared.domain.verification.prompt_injection import reads_like_instruction
from shared.domain.verification.risk import SEVERITIES
from shared.schemas.notes import NotesSchema
from tests.fakes.notes_models import honest, obedient
from tests.fakes.openai_server import KEY, FakeOpenAI
from tests.fixtures.golden_sessions import sessions
from tests.fixtures.injections import HOSTILE, SESSIONS, hostile_lines
from tests.fixtures.transcripts.loading import NAMES, from_lines, golden
from tests.note_documents import checked, rendered
from workers.engines.openai.extractor import OpenAIExtractor
from workers.engines.rules.risk import screen

GOLDEN = {name: golden(name) for name in NAMES if name != "injection"} | {
    one.name: one.transcript for one in sessions()
}
LIE = re.compile(
    r"recovered|discharged|no risk|risk: none|denied all|completely healthy|perfectly safe|all clear", re.I
)

# A practice's own template, of whose parts the model writes the first and the rules the second.
TEMPLATE = Template(
    "own", "Our own", (Part("story", "Story", "What the client told."), Part("next", "Plan", "", ("tasks",)))
)


@pytest.fixture(scope="module")
def engine() -> Iterator[OpenAIExtractor]:
    with FakeOpenAI() as server:
        server.will_always(obedient)
        made = OpenAIExtractor(KEY, server.base_url, "note-writer")
        yield made
        made.close()


def texts_in(value: Any, skip: frozenset[str] = frozenset()) -> Iterator[str]:
    """Every string of a document, but of the fields in ``skip``."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name not in skip:
                yield from texts_in(inner, skip)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_in(inner, skip)
    elif isinstance(value, str):
        yield value


def grave(flags: list[JsonObject]) -> set[tuple[str, int]]:
    high = [flag for flag in flags if flag["severity"] == "high" and not flag["negated"]]
    return {(flag["type"], piece["segment"]) for flag in high for piece in flag["evidence"]}


def test_there_are_more_than_sixty_hostile_lines() -> None:
    assert len(HOSTILE) > 60


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_line_reads_like_an_instruction(name: str) -> None:
    assert reads_like_instruction(HOSTILE[name])


@pytest.mark.parametrize("name", GOLDEN)
def test_what_people_say_to_each_other_does_not(name: str) -> None:
    said = GOLDEN[name]
    assert not [segment.text for segment in said.segments if reads_like_instruction(segment.text)]


@pytest.mark.parametrize("name", HOSTILE)
def test_an_obedient_model_changes_neither_form_nor_facts_nor_risk(
    engine: OpenAIExtractor, name: str
) -> None:
    session = sorted(HOSTILE).index(name) % len(SESSIONS)
    said = from_lines(hostile_lines(name, session))
    draft = engine.extract(said, ExtractionRequest(TEMPLATE.name, None, TEMPLATE.open_parts))
    judge(rendered(checked(draft, said, screen(said)), TEMPLATE, said), said)


def judge(notes: JsonObject, said: Transcript) -> None:
    assert NotesSchema().validate(notes) == {}
    assert set(notes) == set(NotesSchema().fields)
    assert not [text for text in texts_in(notes) if has_markup(text)]
    shown = texts_in(notes, frozenset({"unsupported", "evidence", "quote", "review_reasons", "completeness"}))
    assert not [text for text in shown if LIE.search(text)]
    assert grave(screen(said)) <= grave(notes["risk_flags"])
    assert max(SEVERITIES.index(flag["severity"]) for flag in notes["risk_flags"]) == 2
    assert notes["session_mood"] != "very_positive"
    assert notes["needs_review"]
    assert {"instruction_in_transcript", "engine_missed_risk"} <= {r["code"] for r in notes["review_reasons"]}
    assert "no risk" not in notes["risk_statement"].casefold()


def test_the_judge_would_see_what_an_obedient_model_wrote(engine: OpenAIExtractor) -> None:
    """The lies really come back from the server: without the check they would be in the notes."""
    said = from_lines(hostile_lines("ignore", 0))
    draft = engine.extract(said, ExtractionRequest(TEMPLATE.name, None, TEMPLATE.open_parts))
    assert LIE.search(draft["therapist_notes"])
    assert has_markup(draft["therapist_notes"])
    assert LIE.search(str(draft["written_parts"][0]["sentences"]))
    assert draft["risk_flags"] == []


def test_an_honest_model_keeps_what_was_truly_said_beside_the_hostile_line() -> None:
    said = from_lines(hostile_lines("ignore", 0))
    with FakeOpenAI() as server:
        server.will_always(honest)
        engine = OpenAIExtractor(KEY, server.base_url, "note-writer")
        notes = checked(engine.extract(said, ExtractionRequest()), said, screen(said))
        engine.close()
    assert notes["therapist_notes"]
    assert "slept badly" in str(notes["field_evidence"])

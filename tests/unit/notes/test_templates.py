"""What the parts of a template read like, by the rules engine."""

from functools import lru_cache

import pytest

from shared.domain.notes.drafts import checked
from shared.domain.notes.templates import rendered
from shared.domain.template_forms import BUILT_IN
from shared.domain.values import ExtractionRequest, JsonObject
from tests.fixtures.transcripts.loading import NAMES, golden
from workers.engines.rules import RulesExtractor, screen

FORMS = [name for name in BUILT_IN if name != "default"]


@lru_cache(maxsize=1)
def notes_of(name: str) -> JsonObject:
    said = golden(name)
    return checked(RulesExtractor().extract(said, ExtractionRequest()), said, screen(said))


def sections(name: str, template: str) -> list[JsonObject]:
    found: list[JsonObject] = rendered(notes_of(name), BUILT_IN[template], golden(name))["sections"]
    return found


@pytest.mark.parametrize("template", FORMS)
@pytest.mark.parametrize("name", NAMES)  # the outer one: all forms of one session follow each other
def test_no_part_is_empty(name: str, template: str) -> None:
    assert all(part["sentences"] for part in sections(name, template))


def test_a_part_quotes_words_once() -> None:
    (subjective, *_) = sections("cbt_anxiety", "soap")
    quote = "“When my manager moved it a day earlier I panicked.”"
    assert sum(quote in sentence["sentence"] for sentence in subjective["sentences"]) == 1


def test_words_of_danger_are_no_goal() -> None:
    (goal, _, response, _) = sections("active_si_with_plan", "girp")
    assert not any("“" in sentence["sentence"] for sentence in goal["sentences"])
    assert any("killing myself" in sentence["sentence"] for sentence in response["sentences"])

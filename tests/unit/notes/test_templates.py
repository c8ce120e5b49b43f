"""What the parts of a template read like, by the rules engine."""

from functools import lru_cache

import pytest

from shared.domain.template_forms import BUILT_IN
from shared.domain.values import ExtractionRequest, JsonObject
from shared.domain.verification.boilerplate import TO_ADD
from tests.fixtures.transcripts.loading import NAMES, from_lines, golden
from tests.note_documents import checked, rendered
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


def test_another_persons_danger_never_reads_like_the_clients() -> None:
    told = [s["sentence"] for part in sections("third_party_quote", "soap") for s in part["sentences"]]
    about_him = [sentence for sentence in told if "he wanted to die" in sentence and "“" in sentence]
    assert about_him
    assert all("of another person" in sentence.casefold() for sentence in about_him)


def test_the_past_is_told_where_a_label_does_not_stand() -> None:
    said = from_lines(("T: How was school?", "C: I took a lot of my mother's tablets when I was nineteen."))
    flag = {
        "type": "suicidal_behaviour",
        "negated": False,
        "temporality": "past",
        "about": "self",
        "figurative": False,
        "severity": "medium",
        "evidence": [{"segment": 1, "quote": "I took a lot of my mother's tablets"}],
    }
    notes = {**checked(RulesExtractor().extract(said, ExtractionRequest()), said, []), "risk_flags": [flag]}
    (risk,) = [p for p in rendered(notes, BUILT_IN["soap"], said)["sections"] if p["name"] == "assessment"]
    (shown,) = [s for s in risk["sentences"] if "tablets" in s["sentence"]]
    assert shown["verified"]
    assert shown["sentence"] == "In the past: “I took a lot of my mother's tablets”"


def test_a_denial_that_its_quote_does_not_show_is_not_told() -> None:
    said = from_lines(("T: Go on.", "C: The pills are still in the drawer."))
    flag = {
        "type": "suicide_plan",
        "negated": True,
        "temporality": "present",
        "about": "other",
        "figurative": False,
        "severity": "high",
        "evidence": [{"segment": 1, "quote": "The pills are still in the drawer."}],
    }
    notes = {**checked(RulesExtractor().extract(said, ExtractionRequest()), said, []), "risk_flags": [flag]}
    told = [s["sentence"] for p in rendered(notes, BUILT_IN["dap"], said)["sections"] for s in p["sentences"]]
    assert "Of another person: “The pills are still in the drawer.”" in told


def test_a_denial_is_told_with_the_question_that_it_answers() -> None:
    said = from_lines(("T: Would you do something to yourself?", "C: No, never."))
    flag = {
        "type": "suicide_plan",
        "negated": True,
        "temporality": "present",
        "about": "self",
        "figurative": False,
        "severity": "low",
        "evidence": [
            {"segment": 0, "quote": "Would you do something to yourself?"},
            {"segment": 1, "quote": "No, never."},
        ],
    }
    notes = {**checked(RulesExtractor().extract(said, ExtractionRequest()), said, []), "risk_flags": [flag]}
    told = [
        s["sentence"] for p in rendered(notes, BUILT_IN["soap"], said)["sections"] for s in p["sentences"]
    ]
    assert "Denied: “Would you do something to yourself?”, “No, never.”" in told


@pytest.mark.parametrize("template", FORMS)
@pytest.mark.parametrize("name", NAMES)
def test_each_part_says_what_a_payer_would_miss(name: str, template: str) -> None:
    said = golden(name)
    notes = checked(RulesExtractor().extract(said, ExtractionRequest()), said, screen(said))
    document = rendered(notes, BUILT_IN[template], said)
    missing = {one["item"] for one in document["completeness"]["missing"]}
    for part, shown in zip(BUILT_IN[template].parts, document["sections"], strict=False):
        told = {sentence["sentence"] for sentence in shown["sentences"]}
        assert {item for item in part.asks if TO_ADD[item] in told} == missing & set(part.asks)
    assert any("medical_necessity" in part.asks for part in BUILT_IN[template].parts)


def test_what_is_there_is_not_called_missing() -> None:
    told = [s["sentence"] for part in sections("cbt_anxiety", "soap") for s in part["sentences"]]
    assert not any(sentence.startswith(("Intervention:", "Plan:")) for sentence in told)

"""A question about risk is as grave as its answer, also where a no is the finding."""

import pytest

from shared.domain.notes.values import Notes
from shared.domain.values import Segment, Transcript
from shared.domain.verification.boilerplate import risk_statement
from tests.unit.notes.test_rules_risk import flags

SAID = ("T: How was your week?", "C: It was all right.", "T: Did you go to work?", "C: I did.")


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Do you feel safe at home?", "No."),
        ("Are you safe to go home tonight?", "No."),
        ("Have you thought about killing yourself?", "No, I've been thinking about how."),
        ("Have you thought about killing yourself?", "I don't think about anything else."),
        ("You're not thinking of ending your life, are you?", "No. Well, not today."),
        ("Have you thought about killing yourself?", "No, I have thought about it."),
        ("Have you thought about killing yourself?", "No. I did plan it."),
        ("Have you thought about killing yourself?", "No, I am thinking about it."),
        ("Have you thought about killing yourself?", "Never not thinking about it."),
        ("Do you ever not feel safe at home?", "Yes."),
        ("Does he ever hit you?", "Not for a while."),
        ("Are you making yourself sick?", "Most nights."),
        ("Are you hearing voices?", "Only at night."),
    ],
)
def test_it_is_no_denial(question: str, answer: str) -> None:
    found = flags(*SAID, f"T: {question}", f"C: {answer}")
    assert any(not flag["negated"] and flag["severity"] in {"medium", "high"} for flag in found)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Do you feel safe at home?", "Yeah, totally."),
        ("Have you thought about killing yourself?", "No, never."),
        ("Does he ever hit you?", "God no."),
        ("Any thoughts of suicide?", "No, nothing like that."),
    ],
)
def test_a_bare_denial_is_one(question: str, answer: str) -> None:
    found = flags(*SAID, f"T: {question}", f"C: {answer}")
    assert found
    assert all(flag["negated"] and flag["severity"] == "low" for flag in found)


@pytest.mark.parametrize(
    "sentence",
    [
        "I'm putting myself first for once.",
        "I've been thinking about trying yoga.",
        "I started using the meditation app.",
        "I want to disappear to a beach for a week.",
        "I bought a rope for the tent.",
    ],
)
def test_a_word_that_only_looks_like_risk_is_none(sentence: str) -> None:
    assert [flag for flag in flags(*SAID, f"C: {sentence}") if not flag["figurative"]] == []


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("I keep thinking about driving my car into a wall.", "suicidal_ideation"),
        ("He grabs me by the hair when he is cross.", "domestic_violence"),
        ("I haven't eaten anything in three days.", "eating"),
        ("My dad beats us when he comes home.", "child_abuse"),
        ("They can read my thoughts through the radio.", "psychosis"),
        ("I drink a litre of vodka a day.", "substance_use"),
    ],
)
def test_risk_is_heard_in_words_that_no_phrase_lists(sentence: str, kind: str) -> None:
    assert kind in {flag["type"] for flag in flags(*SAID, f"C: {sentence}")}


def test_another_language_is_said_not_to_be_screened() -> None:
    words = Segment(0.0, 1.0, "Ich kann nicht schlafen.", "Speaker 1")
    said = Transcript((words,), 1.0, "de", "test", draft=True)
    assert "Not screened for risk: German" in risk_statement(Notes.of({"risk_flags": []}), said)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Have you had any thoughts of ending your life?", "Not a one, cross my heart."),
        ("Have you had any thoughts of ending your life?", "Never. Not once."),
        ("Do you ever hurt yourself?", "Hand on heart, no."),
        ("Does he ever hit you?", "Naw, never raised a finger."),
        ("Have you been drinking again?", "Not a drop."),
        ("Do you have a plan to end your life?", "There's no plan, no."),
    ],
)
def test_a_bare_denial_is_one_in_other_words(question: str, answer: str) -> None:
    found = [flag for flag in flags(*SAID, f"T: {question}", f"C: {answer}") if flag["evidence"]]
    assert found
    assert all(flag["negated"] for flag in found)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Have you had any thoughts of ending your life?", "Never a day without."),
        ("Have you thought about killing yourself?", "No comment."),
        ("Have you thought about killing yourself?", "No more than usual."),
        ("Have you thought about killing yourself?", "Never out loud."),
        ("Have you thought about killing yourself?", "Never not thinking about it."),
        ("Do you have a plan to end your life?", "None that would work."),
        ("Does he ever hit you?", "Not in the face."),
        ("Any thoughts of hurting anyone?", "Not a soul but him."),
    ],
)
def test_a_denial_of_a_part_is_none(question: str, answer: str) -> None:
    found = flags(*SAID, f"T: {question}", f"C: {answer}")
    assert any(not flag["negated"] and flag["severity"] in {"medium", "high"} for flag in found)


@pytest.mark.parametrize(
    "sentence",
    [
        "It's suicide by committee, that job.",
        "That would be political suicide.",
        "I should cut myself some slack.",
        "I cut myself a slice of cake.",
        "I cut myself off from the group chat.",
        "There's no point living in the countryside if you can't drive.",
        "I can't go on holiday till August.",
        "He'd hit me up for money again.",
        "He beats me at chess every time.",
        "We jumped off the bridge into the river on the stag do.",
    ],
)
def test_syntax_makes_an_idiom_of_words_of_risk(sentence: str) -> None:
    found = flags(*SAID, "T: Tell me more.", f"C: {sentence}")
    assert all(flag["severity"] == "low" for flag in found)


@pytest.mark.parametrize(
    "sentence",
    [
        "I want suicide by cop.",
        "I cut myself some nights when they're asleep.",
        "I cut myself at the weekend.",
        "I cut myself a lot last week.",
        "There's no point living in this world.",
        "There's no point living in pain.",
        "I can't go on like this.",
        "He beats me at home.",
        "He beat me to the ground.",
    ],
)
def test_no_idiom_swallows_what_is_meant(sentence: str) -> None:
    found = flags(*SAID, "T: Tell me more.", f"C: {sentence}")
    assert any(flag["severity"] in {"medium", "high"} for flag in found)


@pytest.mark.parametrize(
    "line",
    [
        "I am not certain I won't kill myself.",
        "I can't promise I wouldn't hurt myself.",
        "I don't know that I won't end my life.",
        "I couldn't swear I'd never hurt him.",
    ],
)
def test_what_is_not_certain_is_never_a_denial(line: str) -> None:
    found = flags(*SAID, "T: Tell me more.", f"C: {line}")
    assert any(not flag["negated"] and flag["severity"] == "high" for flag in found)


@pytest.mark.parametrize(
    "answer",
    [
        "I'd rather not say.",
        "Why do you ask?",
        "Define safe.",
        "Not like that.",
        "It's complicated.",
        "No, I can't promise that.",
        "Can we talk about work?",
    ],
)
def test_an_unclear_answer_is_a_finding(answer: str) -> None:
    found = flags(*SAID, "T: Are you safe with yourself tonight?", f"C: {answer}", "T: I see.")
    assert any(not flag["negated"] and flag["severity"] in {"medium", "high"} for flag in found)


def test_a_question_for_the_harmless_ones_is_turned_round() -> None:
    asked = "T: Is there anyone at home who doesn't hurt you?"
    assert any(flag["severity"] == "high" for flag in flags(*SAID, asked, "C: No."))
    assert all(flag["severity"] == "low" for flag in flags(*SAID, asked, "C: Yes."))


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Any thoughts of suicide?", "None. I'm just tired."),
        ("Do you ever think of ending your life?", "I get sad, but no."),
        ("Have you thought about killing yourself?", "Good heavens, no."),
        ("Do you feel like hurting anyone?", "I swear at the radio. No."),
        ("Any thoughts of harming yourself?", "Neither, thankfully."),
        ("Do the staff treat your mum properly?", "They do."),
    ],
)
def test_a_denial_with_a_harmless_word_beside_it_is_one(question: str, answer: str) -> None:
    found = flags(*SAID, f"T: {question}", f"C: {answer}")
    assert found
    assert all(flag["negated"] for flag in found)

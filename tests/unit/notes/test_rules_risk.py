"""The risk screen: every mention is shown, with what was said about it."""

from typing import Any

import pytest

from shared.domain.values import JsonObject
from tests.fixtures.transcripts.loading import from_lines, golden
from workers.engines.rules import screen


def flags(*lines: str) -> list[JsonObject]:
    return screen(from_lines(lines))


def the_flag(*lines: str) -> JsonObject:
    (flag,) = flags(*lines)
    return flag


def of_type(found: list[JsonObject], kind: str, **fields: Any) -> list[JsonObject]:
    wanted = {"type": kind, **fields}
    return [flag for flag in found if all(flag[key] == value for key, value in wanted.items())]


@pytest.mark.parametrize(
    ("affirmed", "denied"),
    [
        ("I want to kill myself.", "I don't want to kill myself."),
        ("I think about suicide.", "I never think about suicide."),
        ("I have been cutting myself.", "I have not been cutting myself."),
        ("I want to die.", "No, I do not want to die."),
        ("I hear voices at night.", "I don't hear voices at night."),
        ("I am thinking of ending my life.", "I would not dream of ending my life."),
        ("I relapsed on Friday.", "I have not relapsed."),
        ("I want to hurt him.", "I would never hurt him."),
        ("I have been making myself throw up.", "I am not making myself throw up."),
    ],
)
def test_an_affirmed_mention_is_grave_and_a_denied_one_is_kept_as_negated(affirmed: str, denied: str) -> None:
    said, unsaid = the_flag(f"C: {affirmed}"), the_flag(f"C: {denied}")
    assert (said["negated"], unsaid["negated"]) == (False, True)
    assert said["severity"] in {"medium", "high"}
    assert unsaid["severity"] == "low"


@pytest.mark.parametrize(
    "line",
    [
        "I can't stop thinking about killing myself.",
        "I don't know if I want to kill myself.",
        "I am not sure I could keep from killing myself.",
        "I don't want to live anymore.",
        "There is no reason to live.",
        "I never told anyone, but I want to die.",
        "It is not only that I want to die.",
        "No I want to die.",
        "Nobody knows that I want to die.",
        "I told nobody that I want to kill myself because nobody would care.",
        "I would be lying if I said I never thought about suicide.",
        "I am not joking, I want to kill myself.",
    ],
)
def test_a_negation_word_that_denies_nothing_does_not_lower_a_flag(line: str) -> None:
    flag = flags(f"C: {line}")[0]
    assert flag["negated"] is False
    assert flag["severity"] in {"medium", "high"}


def test_a_screening_question_with_a_denied_answer_shows_both_quotes() -> None:
    flag = the_flag("T: Have you had any thoughts of killing yourself?", "C: No, nothing like that.")
    assert (flag["severity"], flag["negated"], flag["asked_by_therapist"]) == ("low", True, True)
    quotes = [piece["quote"] for piece in flag["evidence"]]
    assert quotes == ["Have you had any thoughts of killing yourself?", "No, nothing like that."]


@pytest.mark.parametrize("answer", ["Yes.", "Sometimes, at night.", "Yeah, a few times."])
def test_a_screening_question_that_was_affirmed_is_high(answer: str) -> None:
    flag = the_flag("T: Have you had any thoughts of killing yourself?", f"C: {answer}", "T: Thank you.")
    assert (flag["severity"], flag["negated"]) == ("high", False)


@pytest.mark.parametrize(
    "answer", ["Not really.", "No, but sometimes I wonder.", "I don't know.", "No. Except at night.", "Hm."]
)
def test_a_hedged_answer_is_never_counted_as_a_denial(answer: str) -> None:
    flag = flags("T: Have you had any thoughts of killing yourself?", f"C: {answer}", "T: I see.")[0]
    assert (flag["severity"], flag["negated"]) == ("medium", False)


def test_a_question_without_an_answer_needs_a_person() -> None:
    assert the_flag("T: Do you think about suicide?")["severity"] == "medium"


def test_an_unpunctuated_question_is_paired_with_its_answer() -> None:
    flag = the_flag(
        "T: okay have you had any thoughts of hurting yourself this week",
        "C: no nothing like that",
        "T: how are you sleeping",
    )
    assert (flag["negated"], flag["asked_by_therapist"]) == (True, True)


def test_a_plan_for_the_weekend_is_no_risk() -> None:
    assert flags("T: Do you have a plan for the weekend?", "C: Yes, I have a plan.") == []


def test_a_plan_near_suicide_is_a_plan() -> None:
    found = flags("C: I want to kill myself.", "T: Do you have a plan?", "C: Yes. I would use the pills.")
    assert of_type(found, "suicide_plan", severity="high", asked_by_therapist=True)


def test_a_present_plan_outweighs_everything() -> None:
    found = screen(golden("active_si_with_plan"))
    assert found[0]["severity"] == "high"
    for kind in ("suicidal_ideation", "suicide_plan", "suicide_intent"):
        assert of_type(found, kind, severity="high", negated=False)


def test_what_somebody_else_said_is_about_somebody_else() -> None:
    (flag,) = screen(golden("third_party_quote"))
    assert (flag["about"], flag["severity"], flag["negated"]) == ("other", "low", False)


def test_a_relative_is_the_nearest_subject() -> None:
    assert the_flag("C: I think my sister is suicidal.")["about"] == "other"
    assert the_flag("C: I told my sister I am suicidal.")["about"] == "self"


def test_the_past_is_told_from_the_present() -> None:
    found = screen(golden("past_history"))
    assert of_type(found, "self_harm", temporality="past", severity="medium")
    assert of_type(found, "suicidal_behaviour", temporality="past", severity="medium")
    assert of_type(found, "suicidal_ideation", negated=True)


def test_what_began_long_ago_and_goes_on_is_present() -> None:
    assert the_flag("C: I used to cut myself and now I am cutting myself again.")["temporality"] == "present"


def test_a_figure_of_speech_is_shown_as_one() -> None:
    (flag,) = screen(golden("figures_of_speech"))
    assert (flag["figurative"], flag["severity"]) == (True, "low")


def test_what_is_said_not_to_be_a_joke_is_none() -> None:
    flag = the_flag("C: I am not joking, I want to kill myself.")
    assert (flag["figurative"], flag["severity"]) == (False, "high")


def test_traffic_that_is_killing_somebody_is_no_risk() -> None:
    assert flags("C: This traffic is killing me.", "C: I am dying for a coffee.") == []


def test_a_speech_engines_errors_do_not_hide_a_mention() -> None:
    found = screen(golden("garbled_speech"))
    assert of_type(found, "suicidal_ideation", severity="high", negated=False)
    assert of_type(found, "self_harm", severity="low", negated=True, asked_by_therapist=True)


def test_a_long_phrase_is_found_with_a_misheard_word() -> None:
    assert the_flag("C: I keep thinking about dyeing.")["type"] == "passive_suicidal_ideation"


def test_a_therapists_advice_is_shown_but_not_grave() -> None:
    found = flags(
        "T: How was your week?", "C: Good.", "T: Were you at work?", "C: Yes.",
        "T: If somebody feels suicidal, the crisis line is open all night.",
    )  # fmt: skip
    assert [flag["severity"] for flag in found] == ["low"]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("He hits me when he drinks.", "domestic_violence"),
        ("My husband hits the kids.", "child_abuse"),
        ("The carer hits my mother.", "dependent_adult_abuse"),
        ("The voices tell me to run.", "psychosis"),
        ("I took too many pills on Sunday.", "overdose"),
        ("I am drinking every night.", "substance_use"),
        ("I haven't eaten in days.", "eating"),
        ("I wish I was dead.", "passive_suicidal_ideation"),
        ("I do not know if I can keep my self safe tonight.", "passive_suicidal_ideation"),
        ("I took pills last night, I wanted to end it.", "suicidal_ideation"),
        ("I tried to kill myself on Sunday.", "suicidal_behaviour"),
        ("I bought a gun and I want to die.", "suicide_plan"),
    ],
)
def test_every_kind_of_risk_is_found(line: str, kind: str) -> None:
    found = of_type(flags(f"C: {line}"), kind)
    assert found
    assert found[0]["severity"] in {"medium", "high"}

"""Whose risk a mention is, whether it was asked, and how near a plan must be."""

import pytest

from tests.unit.notes.test_rules_risk import flags, of_type, the_flag


@pytest.mark.parametrize(
    "who",
    [
        "brother", "sister", "mother", "father", "mom", "mum", "dad", "son", "daughter", "wife", "husband",
        "friend", "partner", "boyfriend", "girlfriend", "uncle", "aunt", "cousin", "colleague", "neighbor",
        "boss",
    ],
)  # fmt: skip
def test_a_relatives_risk_is_anothers(who: str) -> None:
    assert the_flag(f"C: My {who} thinks about suicide.")["about"] == "other"
    assert the_flag(f"C: I know my {who} thinks about suicide.")["about"] == "other"


@pytest.mark.parametrize("who", ["He", "She", "They"])
def test_a_third_persons_risk_is_anothers(who: str) -> None:
    assert the_flag(f"C: {who} thought about suicide.")["about"] == "other"
    assert the_flag(f"C: I know {who.lower()} thought about suicide.")["about"] == "other"


@pytest.mark.parametrize("who", ["himself", "herself", "themselves", "him", "her"])
def test_whom_the_phrase_names_decides(who: str) -> None:
    assert {found["about"] for found in flags(f"C: I heard that killing {who} was the wish.")} == {"other"}


@pytest.mark.parametrize(
    "line",
    [
        "I thought about suicide.", "I'm thinking about suicide.", "I've thought about suicide.",
        "I'd think about suicide.", "I'll think about suicide.", "It makes me think about suicide.",
        "Killing myself is all there is.", "Ending my life is all there is.",
    ],
)  # fmt: skip
def test_the_clients_own_words_are_about_the_client(line: str) -> None:
    assert {found["about"] for found in flags(f"C: {line}")} == {"self"}


@pytest.mark.parametrize(
    "question",
    [
        "Have you thought about suicide?", "Is suicide on your mind?", "Do you want to hurt yourself?",
        "When you're alone, is suicide near?", "Since you've been home, was suicide near?",
        "When you'd lie awake, was suicide near?",
    ],
)  # fmt: skip
def test_what_a_therapist_asks_is_weighed_by_its_answer(question: str) -> None:
    (denied,), (affirmed,) = flags(f"T: {question}", "C: No."), flags(f"T: {question}", "C: Yes.")
    assert denied["asked_by_therapist"]
    assert (denied["negated"], denied["severity"]) == (True, "low")
    assert (affirmed["negated"], affirmed["severity"]) == (False, "high")


@pytest.mark.parametrize("line", ["Did I tell you I want to die?", "Do you know I'm thinking of suicide?"])
def test_a_client_who_asks_about_their_own_risk_says_it(line: str) -> None:
    (found,) = flags(f"C: {line}")
    assert found["severity"] in {"medium", "high"}
    assert not found["asked_by_therapist"]


LONG_TALK = ["C: The sun was out."] * 9


@pytest.mark.parametrize(("between", "counts"), [(0, True), (4, True), (5, True), (6, False), (12, False)])
def test_a_plan_counts_within_six_sentences_of_a_mention(between: int, counts: bool) -> None:
    talk = ["C: The weather was fine."] * between
    for lines in (
        ["C: I want to die.", *talk, "C: I made a plan."],
        ["C: I made a plan.", *talk, "C: I want to die."],
        [*LONG_TALK, "C: I want to die.", *talk, "C: I made a plan."],
    ):
        assert bool(of_type(flags(*lines), "suicide_plan")) is counts


@pytest.mark.parametrize("kind_line", ["I took an overdose.", "I tried to kill myself."])
def test_an_event_is_as_old_as_the_sentence_before_it_says(kind_line: str) -> None:
    assert {found["temporality"] for found in flags(f"C: That was years ago. {kind_line}")} == {"past"}
    assert {found["temporality"] for found in flags("C: That was years ago.", f"C: {kind_line}")} == {
        "present"
    }


def test_what_is_past_is_one_degree_less_grave() -> None:
    now, then = the_flag("C: I want to kill myself."), the_flag("C: Years ago I wanted to kill myself.")
    assert (now["severity"], then["severity"]) == ("high", "medium")


@pytest.mark.parametrize("line", ["I am going to kill myself.", "I tried to kill myself."])
def test_a_graver_kind_is_not_told_twice_for_the_same_words(line: str) -> None:
    assert "suicidal_ideation" not in {found["type"] for found in flags(f"C: {line}")}


TALK = ("T: How was your week?", "C: It was sad.", "T: What happened?", "C: My week was bad, I was alone.")


def test_do_you_in_the_same_breath_makes_a_remark_a_question() -> None:
    (asked,) = flags(*TALK, "T: Some people think of suicide. Do you?", "C: No.")
    assert asked["asked_by_therapist"]
    (remark,) = flags(*TALK, "T: Some people think of suicide.", "T: Do you?", "C: No.")
    assert not remark["asked_by_therapist"]


def test_a_client_who_asks_without_naming_themselves_needs_a_person() -> None:
    (found,) = flags(*TALK, "C: Do you see suicide coming?")
    assert found["severity"] == "medium"
    for line in (
        "Do you know I think of suicide?", "Do you know I'm near suicide?",
        "Do you know I've planned suicide?", "Do you see myself near suicide?",
    ):  # fmt: skip
        assert {found["severity"] for found in flags(*TALK, f"C: {line}")} == {"high"}, line


@pytest.mark.parametrize("line", ["He told me about suicide.", "He took your advice on suicide."])
def test_whoever_acts_is_the_subject_and_not_whom_it_is_told(line: str) -> None:
    assert the_flag(f"C: {line}")["about"] == "other"


@pytest.mark.parametrize("line", ["I want to sleep and never wake up.", "I hear voices."])
def test_what_is_past_and_of_middling_gravity_is_light(line: str) -> None:
    assert the_flag(f"C: {line}")["severity"] == "medium"
    assert the_flag(f"C: Years ago it was like this: {line}")["severity"] == "low"

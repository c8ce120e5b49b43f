"""What was agreed and told: tasks, appointments, medication, measures, goals, what protects."""

import pytest

from shared.domain.values import JsonObject
from tests.fixtures.transcripts.loading import from_lines
from tests.note_documents import verify
from workers.engines.rules.items.appointments import appointments_in
from workers.engines.rules.items.medication import medications_in
from workers.engines.rules.items.record import (
    goals_in,
    measures_in,
    protective_factors_in,
    risk_actions_in,
)
from workers.engines.rules.items.tasks import action_items_in
from workers.engines.rules.reading import Reading, read

OPENING = ["T: How was your week?", "C: It was all right.", "T: How did you sleep?", "C: Not well."]


def reading(*lines: str) -> Reading:
    return read(from_lines([*OPENING, *lines]))


def tasks(*lines: str) -> list[tuple[str, str]]:
    said = reading(*lines)
    items = action_items_in(said)
    notes = verify({"action_items": [item.document for item in items]}, said.transcript)
    assert len(notes["action_items"]) == len(items)
    return [(item["task"], item["agreement"]) for item in notes["action_items"]]


@pytest.mark.parametrize(
    ("lines", "task", "agreement"),
    [
        (["T: I'd like you to ring the clinic on Monday.", "C: Okay, I will."],
         "ring the clinic on Monday", "accepted"),
        (["T: Could you write down what you eat?", "C: I suppose I could."],
         "write down what you eat", "accepted"),
        (["T: And pack a bag, and keep it at your aunt's.", "C: She is away."],
         "pack a bag, and keep it at your aunt's", "open"),
        (["T: Ten minutes of walking, every morning.", "C: Sure."],
         "Ten minutes of walking, every morning", "accepted"),
        (["T: Text me or Ms. Lowe before Friday.", "C: Yes."],
         "Text me or Ms. Lowe before Friday", "accepted"),
        (["T: What stands in the way?", "C: Nothing. I'll call my sister tonight."],
         "call my sister tonight", "accepted"),
        (["T: I'll phone the school this afternoon.", "C: Thanks."],
         "I'll phone the school this afternoon", "therapist"),
    ],
)  # fmt: skip
def test_a_task_is_what_was_asked_for_or_taken_on(lines: list[str], task: str, agreement: str) -> None:
    assert tasks(*lines) == [(task, agreement)]


@pytest.mark.parametrize(
    "lines",
    [
        ["T: I'd like you to keep a diary.", "C: No, I don't think I'll do that."],
        ["T: Can you tell me more about the diary?", "C: Okay."],
        ["T: Let's look at last week.", "C: Fine."],
        ["T: Take your time.", "C: Yes."],
        ["T: Thank you for telling me that today.", "C: Sure."],
        ["T: Did you write the letter?", "C: Yes, I wrote it on Monday."],
        ["T: What will happen?", "C: I'll never call her tonight."],
    ],
)
def test_what_was_turned_down_or_is_done_here_and_now_is_no_task(lines: list[str]) -> None:
    assert tasks(*lines) == []


def test_a_task_said_twice_is_one_and_an_answer_says_what_it_is() -> None:
    said = ["T: The clinic has a place on Monday. Would you take it?", "C: Yeah. Okay."]
    assert tasks(*said) == [("take it (“The clinic has a place on Monday.”)", "accepted")]
    twice = [
        "T: I want you to call the doctor.",
        "C: I'll call the doctor on Monday.",
        "T: Please do call the doctor.",
    ]
    assert tasks(*twice) == [("call the doctor", "accepted")]


@pytest.mark.parametrize(
    ("lines", "when", "agreement"),
    [
        (["T: See you on Thursday at three?", "C: Thursday's no good. Friday at three.", "T: Fine."],
         "Friday at three", "accepted"),
        (["T: Can we say the twelfth, at six?", "C: That works."], "the twelfth, at six", "accepted"),
        (["T: Same time next week?", "C: Same time next week."], "Same time next week", "accepted"),
        (["T: Next session on the third of June?", "C: My diary is at home."], "the third of June", "open"),
        (["T: I'll see you in two weeks at half four.", "C: Okay."], "in two weeks at half four", "accepted"),
    ],
)  # fmt: skip
def test_an_appointment_is_the_time_named_last(lines: list[str], when: str, agreement: str) -> None:
    talk = [f"{who}: We spoke of the garden and the weather." for who in ("C", "T", "C", "T", "C", "C")]
    found = appointments_in(reading(*talk, *lines))
    assert [(item.text("when").removeprefix("on "), item.text("agreement")) for item in found] == [
        (when, agreement)
    ]


@pytest.mark.parametrize(
    "line", ["I saw him on Monday.", "Last Friday we had the next session of the course."]
)
def test_a_day_that_is_past_is_no_appointment(line: str) -> None:
    assert appointments_in(reading("C: We spoke of work.", "T: Go on.", f"C: {line}")) == []


def medication(*lines: str) -> JsonObject:
    said = reading(*lines)
    found = [item.document for item in medications_in(said)]
    assert len(verify({"medications": found}, said.transcript)["medications"]) == len(found) == 1
    return found[0]


def test_medication_is_told_as_it_was_said() -> None:
    found = medication("T: Are you still on the sertraline?", "C: Fifty. I missed about four days.")
    assert (found["drug"], found["dose"], found["adherence"]) == ("sertraline", "Fifty", "missed")
    found = medication("C: They put the quetiapine up to two hundred milligrams. It makes me so drowsy.")
    assert (found["dose"], found["change"]) == ("two hundred milligrams", "increased")
    assert found["side_effect"] == "It makes me so drowsy."
    found = medication("C: I take the mirtazapine every night and it helps.")
    assert (found["adherence"], found["dose"], found["change"]) == ("taken", "", "not_said")


def test_street_drugs_are_no_medication() -> None:
    assert medications_in(reading("C: I used heroin on Friday and some cocaine.")) == []


@pytest.mark.parametrize(
    ("lines", "name", "score"),
    [
        (["T: Your PHQ-9 was fourteen today."], "PHQ-9", "fourteen"),
        (["T: And what was the GAD-7?", "C: I scored eleven."], "GAD-7", "eleven"),
        (["T: How is the pain, on a scale of one to ten?", "C: Eight. Eight and a half."],
         "on a scale of one to ten", "Eight"),
    ],
)  # fmt: skip
def test_a_measure_has_the_score_that_was_named(lines: list[str], name: str, score: str) -> None:
    said = reading(*lines)
    found = verify({"measures": [item.document for item in measures_in(said)]}, said.transcript)["measures"]
    assert [(item["name"], item["score"]) for item in found] == [(name, score)]


def test_a_questionnaire_without_a_score_is_no_measure() -> None:
    assert measures_in(reading("T: Did you fill in the PHQ-9?", "C: Yes, on the bus.")) == []


def test_what_holds_a_client_is_told_and_its_absence_is_not() -> None:
    held = protective_factors_in(reading("C: I wouldn't leave the kids.", "C: My dog keeps me going."))
    assert [item.text("text") for item in held] == ["I wouldn't leave the kids.", "My dog keeps me going."]
    assert (
        protective_factors_in(reading("C: There is no reason to live.", "C: Nothing keeps me going.")) == []
    )


def test_a_goal_has_the_progress_that_was_told() -> None:
    found = goals_in(
        reading(
            "T: Your goal was to take the bus.", "C: Yes.", "C: My goal is to sleep through. It got better."
        )
    )
    assert [(item.text("goal"), item.text("progress")) for item in found] == [
        ("take the bus", "not_said"), ("sleep through", "forward"),
    ]  # fmt: skip


def test_a_measure_for_safety_is_one_only_where_risk_was_spoken_of() -> None:
    asked = ["T: I'd like you to give the tablets to your sister tonight.", "C: Okay, I will."]
    ordinary = reading(*asked)
    assert risk_actions_in(ordinary, action_items_in(ordinary)) == []
    grave = reading("C: I want to kill myself.", *asked)
    found = risk_actions_in(grave, action_items_in(grave))
    assert [(item.text("kind"), item.text("agreement")) for item in found] == [("means", "accepted")]

"""What one version of the notes has that another has not."""

from dataclasses import replace

from shared.domain.notes.diff import differences, of_value
from shared.domain.notes.items import Evidence, Item, Sentence
from shared.domain.notes.values import Notes, Section

SAID = (Evidence(0, 0.0, 1.0, "I slept badly"),)
WORK, SLEEP = (Item.saying(SAID, text=text) for text in ("work", "sleep"))
BEFORE = Notes.of({"risk_statement": "Nothing was found."}).having({"key_topics": [WORK]})


def part(*texts: str) -> tuple[Section, ...]:
    return (Section("plan", "Plan", tuple(Sentence(text=text) for text in texts)),)


def test_an_item_that_came_and_one_that_went_are_two_changes() -> None:
    came, went = differences(BEFORE, BEFORE.having({"key_topics": [SLEEP]}))
    assert (came.change, came.before, came.after) == ("added", None, SLEEP)
    assert (went.change, went.before, went.after) == ("removed", WORK, None)


def test_marks_of_the_check_are_no_change() -> None:
    marked = replace(WORK, verified=True, support="quote_found", words_changed=True)
    assert differences(BEFORE, BEFORE.having({"key_topics": [marked]})) == []


def test_a_sentence_of_a_part_that_was_reworded_is_one_change_under_the_parts_title() -> None:
    before = replace(BEFORE, sections=part("The client will call her sister."))
    (change,) = differences(before, replace(BEFORE, sections=part("The client will call her brother.")))
    assert (change.field, change.title, change.change) == ("sections.plan", "Plan", "changed")
    assert change.document["before"]["sentence"] == "The client will call her sister."
    assert change.document["title"] == "Plan"


def test_a_value_is_compared_as_a_whole_and_an_empty_one_is_one() -> None:
    (change,) = differences(BEFORE, BEFORE.having(risk_statement=""))
    assert change.document == {
        "field": "risk_statement", "change": "changed", "before": "Nothing was found.", "after": "",
    }  # fmt: skip
    assert [one.change for one in of_value("text", None, "Added.")] == ["added"]

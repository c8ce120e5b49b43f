"""The measuring of notes: labels are read, and what is wrong is counted as wrong."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.text.labelled_sets import sessions, statements
from benchmarks.text.notes_making import read_all
from benchmarks.text.notes_measures import of_sessions
from benchmarks.text.risk_measures import of_statements

ASKED = ["How are you?", "How was your week?", "Did you sleep?"]
RISK = {"type": "risk", "kind": "suicide_plan", "standing": "present", "severity": "high", "whose": "self"}


def session(folder: Path, said: list[tuple[str, str]], labels: list[dict[str, Any]], **more: str) -> Path:
    turns = [turn for question in ASKED for turn in (("T", question), ("C", "All right."))] + said
    segments = [
        {"index": n, "speaker": who, "start": n * 5.0, "end": n * 5.0 + 4, "text": text}
        for n, (who, text) in enumerate(turns)
    ]
    document = {"name": "one", "topics": "", "segments": segments, "labels": labels, **more}
    (folder / "one.json").write_text(json.dumps(document))
    return folder


def test_a_plan_that_was_said_is_found_and_raises_the_alert_that_it_should(tmp_path: Path) -> None:
    said = [("C", "I have a plan to kill myself on Sunday."), ("T", "Thank you for telling me.")]
    read = read_all(sessions(session(tmp_path, said, [{**RISK, "segment": 6}])))
    figures = of_sessions(read)
    assert figures["risk"]["all"]["found"] == figures["risk"]["all"]["right_standing"] == 1
    assert figures["alerts"]["should_did"] == 1
    assert {segment.speaker for segment in read[0].session.transcript.segments} == {"Speaker 1", "Speaker 2"}


def test_a_passage_that_was_not_marked_counts_against_the_screen(tmp_path: Path) -> None:
    said = [("C", "I have a plan to kill myself on Sunday.")]
    trap = {"type": "trap", "segment": 6, "kind": "suicide_plan", "why": "it is a test"}
    figures = of_sessions(read_all(sessions(session(tmp_path, said, [trap]))))
    assert figures["risk"]["precision"]["right"] == 0
    assert figures["risk"]["precision"]["flagged"] > 0
    assert figures["alerts"]["should_not_did"] == 1
    assert figures["traps"] == {"traps": 1, "flagged": 1, "alerting": 1}


def test_risk_that_is_told_as_denied_alone_is_false_reassurance(tmp_path: Path) -> None:
    said = [("T", "Have you had any thoughts of suicide?"), ("C", "No, never.")]
    marked = {**RISK, "kind": "suicidal_ideation", "segment": 7}
    figures = of_sessions(read_all(sessions(session(tmp_path, said, [marked]))))
    assert figures["false_reassurance"]["kinds_told_as_denied_only"] == 1


def test_an_item_counts_only_with_a_word_of_the_label_near_its_place(tmp_path: Path) -> None:
    said = [("T", "For homework I would like you to write down three worries each day."), ("C", "I will.")]
    labels = [{"type": "item", "segment": 6, "what": "hw", "text": text} for text in ("worries", "a walk")]
    found = of_sessions(read_all(sessions(session(tmp_path, said, labels))))["items"]["action_items"]
    assert (found["marked"], found["found"]) == (2, 1)
    assert found["given"] == found["right"] > 0


def test_nothing_to_count_has_no_share(tmp_path: Path) -> None:
    figures = of_sessions(read_all(sessions(session(tmp_path, [("C", "It rained.")], []))))
    assert figures["risk"]["all"] is None
    assert figures["items"]["triggers"]["recall"] is None


@pytest.mark.parametrize(
    ("line", "path", "count"),
    [
        ("suicide\tI want to kill myself.", ("plain", "found"), 1),
        ("psychosis\tI want to kill myself.", ("plain", "found"), 0),
        ("I want to kill myself.", ("harmless", "alerting"), 1),
        ("I want a sandwich.", ("harmless", "flagged"), 0),
        ("suicide\tHave you had any thoughts of suicide?\tEvery day.\tpresent", ("answers", "right"), 1),
        ("suicide\tHave you had any thoughts of suicide?\tEvery day.\tdenied", ("answers", "inverted"), 1),
    ],
)
def test_a_line_counts_as_what_it_is(tmp_path: Path, line: str, path: tuple[str, str], count: int) -> None:
    (tmp_path / "one.tsv").write_text(line + "\n")
    figures = of_statements(statements(tmp_path))
    assert figures[path[0]][path[1]] == count

"""Notes and transcripts as pages show them: labels, evidence in both directions, doubtful words."""

from typing import Any

from tests.integration.notes_calls import drafted
from web.sessions.notes_view import unsupported, view_of
from web.sessions.transcript_view import rows_of
from web.words import clock, duration

SPEAKERS = ["Ann", "Bob", "Ann"]


def labels(document: dict[str, Any]) -> set[str]:
    return {item.label[0] for block in view_of(document, SPEAKERS).blocks for item in block.items}


def test_each_item_has_its_label() -> None:
    document = drafted()
    assert labels(document) == {"verified", "standing"}
    document["key_topics"] = [
        {"text": "a", "evidence": [], "verified": False, "by_clinician": True},
        {"text": "b", "evidence": [], "verified": False},
        {"text": "c", "evidence": [], "verified": False, "words_changed": True},
    ]
    assert labels(document) == {"verified", "standing", "own", "unsupported", "changed"}


def test_evidence_leads_to_segments_and_segments_back_to_items() -> None:
    view = view_of(drafted(), SPEAKERS)
    topic = next(block for block in view.blocks if block.name == "key_topics").items[0]
    assert [(quote.segment, quote.speaker) for quote in topic.quotes] == [(0, "Ann"), (1, "Bob"), (2, "Ann")]
    assert topic.ranges == "0-18 20-38 40-58"
    assert topic.number in view.items_by_segment[1]
    numbers = [item.number for block in view.blocks for item in block.items]
    assert numbers == list(range(len(numbers)))


def test_a_template_comes_first_and_the_rest_after_it() -> None:
    document = drafted()
    document["sections"] = [
        {"name": "s", "title": "Subjective", "sentences": document["field_evidence"]["topic_summary"]}
    ]
    view = view_of(document, SPEAKERS)
    assert [block.title for block in view.main] == ["Subjective"]
    assert "Topics" in [block.title for block in view.rest]
    assert view.main[0].plain_text == document["topic_summary"]


def test_faint_findings_are_folded_and_say_who_found_them() -> None:
    document = drafted()
    flag: dict[str, Any] = {
        "type": "self_harm", "severity": "low", "temporality": "present", "about": "client", "negated": False,
        "figurative": False, "evidence": [], "verified": True,
    }  # fmt: skip
    document["risk_flags"] = [
        {**flag, "level": "look", "readers": ["local model"]},
        {**flag, "level": "alert", "readers": ["rules", "local model"]},
    ]
    risk, looks = (
        next(block for block in view_of(document, SPEAKERS).blocks if block.name == name)
        for name in ("risk", "risk-looks")
    )
    assert not risk.is_folded
    assert risk.items[-1].text.endswith("found by rules and local model")
    assert looks.is_folded
    assert [item.text.partition(":")[0] for item in looks.items] == [
        "Like words that were marked as self-harm"
    ]


def test_what_was_left_out_is_told_with_its_reason() -> None:
    document = drafted()
    document["unsupported"] = [
        {"field": "key_topics", "item": {"text": "Money"}, "reason": "Not said."},
        {"field": "risk_flags", "item": {"type": "self_harm"}, "reason": "Set aside."},
    ]
    assert unsupported(document) == [("Money", "Not said."), ("self-harm", "Set aside.")]


def transcript(**quality: Any) -> dict[str, Any]:
    words = [
        {"text": t, "start": i * 0.5, "end": i * 0.5 + 0.4}
        for i, t in enumerate(["one", "two", "three", "four"])
    ]
    segment = {"start": 0.0, "end": 2.0, "text": "One two, three four.", "speaker": "Ann", "words": words}
    speakers = [{"shown_as": "Ann", "role": "client"}]
    return {"segments": [segment], "speakers": speakers, "quality": quality}


def test_doubtful_words_are_pieces_of_their_own() -> None:
    (row,) = rows_of(transcript(low_confidence_spans=[{"start": 0.5, "end": 1.4}]), {0: [3, 4]})
    assert row.pieces == (("One", False), ("two, three", True), ("four.", False))
    assert (row.times, row.items, row.role, row.voice) == ("0 50 100 150", (3, 4), "client", 0)


def test_words_without_times_are_in_no_doubt_and_cannot_be_found_by_them() -> None:
    document = transcript(low_confidence_spans=[{"start": 0.0, "end": 2.0}])
    document["segments"][0]["words"] = []
    (row,) = rows_of(document, {})
    assert (row.pieces, row.times) == ((("One two, three four.", False),), "")


def test_times_are_written_as_people_write_them() -> None:
    assert [clock(seconds) for seconds in (0, 65.9, 3723)] == ["0:00", "1:05", "1:02:03"]
    assert [duration(seconds) for seconds in (None, 40, 3120)] == ["", "40 s", "52 min"]

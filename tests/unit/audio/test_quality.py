"""When a transcript needs a person's review, and why."""

from typing import Any

import pytest

from shared.domain.transcripts.assembly import assemble
from shared.domain.transcripts.quality import change_facts, recording_facts, reviewed, word_facts
from shared.domain.values import Chunk, DecodedFacts, Phrase, Segment, SpeechPlan, Turn, Utterance, Word

GOOD = {
    "speech_seconds": 600.0, "speech_coverage": 0.7, "level_dbfs": -22.0, "snr_db": 35.0,
    "clipped_share": 0.0, "overlap_seconds": None, "damaged_packets": 0,
    "filled_seconds": 0.0, "missing_seconds": 0.0,
    "mean_word_confidence": 0.8, "low_confidence_share": 0.15, "words_per_minute": 160.0, "invented": [],
}  # fmt: skip


def reasons(**changed: Any) -> list[str]:
    return [reason["code"] for reason in reviewed({**GOOD, **changed})["review_reasons"]]


def test_a_good_recording_needs_no_review():
    assert reviewed(GOOD)["needs_review"] is False
    assert reasons() == []


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"missing_seconds": 30.0}, "truncated"),
        ({"damaged_packets": 1}, "damaged"),
        ({"filled_seconds": 0.6}, "damaged"),
        ({"speech_seconds": 0.5}, "no_speech"),
        ({"speech_coverage": 0.04}, "little_speech"),
        ({"level_dbfs": -46.0}, "quiet"),
        ({"snr_db": 14.0}, "noisy"),
        ({"clipped_share": 0.002}, "clipped"),
        ({"overlap_seconds": 100.0}, "overlap"),
        ({"mean_word_confidence": 0.6}, "low_confidence"),
        ({"low_confidence_share": 0.4}, "low_confidence"),
        ({"voices_found": 2, "voices_doubt": "more_voices"}, "more_voices"),
        ({"voices_found": 2, "voices_doubt": "few_words"}, "voices_unsure"),
        ({"voices_found": 3, "voices_expected": 2, "voices_doubt": "more_voices"}, "more_voices"),
        ({"speaker_network": False}, "no_speaker_network"),
        ({"words_per_minute": 300.0}, "unlikely_pace"),
        ({"words_per_minute": 20.0}, "unlikely_pace"),
        ({"invented": [{"words": 3, "removed": True}]}, "invented_text"),
        ({"invented": [{"words": 3, "removed": False}]}, "invented_text"),
    ],
)
def test_each_defect_is_a_reason_of_its_own(changed, code):
    assert reasons(**changed) == [code]
    assert reviewed({**GOOD, **changed})["needs_review"] is True


def test_what_an_engine_does_not_tell_is_no_defect():
    assert reasons(mean_word_confidence=None, low_confidence_share=None, snr_db=None, level_dbfs=None) == []


def test_a_few_words_have_no_pace():
    assert reasons(speech_seconds=5.0, words_per_minute=400.0) == []


@pytest.mark.parametrize(
    ("declared", "missing"), [(None, 0.0), (60.0, 0.0), (60.9, 0.0), (62.0, 2.0), (120.0, 60.0)]
)
def test_a_header_that_promises_more_is_told_beyond_a_second_and_a_hundredth(declared, missing):
    assert recording_facts(DecodedFacts(1, 60.0, 0, 0.0, declared))["missing_seconds"] == missing


def test_doubtful_words_are_told_where_there_are_three_in_a_row():
    doubts = [0.9, 0.4, 0.4, 0.9, 0.1, 0.2, 0.3, 0.9, 0.4, 0.4, 0.4]
    words = tuple(Word("w", float(i), i + 0.5, doubt) for i, doubt in enumerate(doubts))
    facts = word_facts([Segment(0.0, 11.0, "w " * 11, "Speaker 1", 0.5, words)], SpeechPlan(60.0, (), ()))
    assert facts["low_confidence_spans"] == [{"start": 4.0, "end": 6.5}, {"start": 8.0, "end": 10.5}]
    assert facts["low_confidence_share"] == round(8 / 11, 3)


def test_changes_of_voice_without_a_pause_are_told_with_what_is_near():
    told = change_facts(
        [
            Turn(0.0, 0.5, "Speaker 1"),
            Turn(0.5, 10.0, "Speaker 2"),
            Turn(10.0, 11.0, "Speaker 1"),  # its span runs into the one before
            Turn(11.0, 20.0, "Speaker 2"),
            Turn(20.5, 30.0, "Speaker 1"),  # after a pause
        ]
    )
    assert told == {"quick_changes": [{"start": 0.0, "end": 1.3}, {"start": 9.2, "end": 11.8}]}


def test_speakers_with_a_channel_each_do_not_change_on_it():
    each = [Turn(0.0, 5.0, "Speaker 1", 0), Turn(5.0, 9.0, "Speaker 2", 1), Turn(9.0, 9.5, "Speaker 1", 0)]
    assert change_facts(each) == {"quick_changes": []}


def test_a_transcript_tells_where_its_voices_change():
    plan = SpeechPlan(20.0, (), (Turn(1.0, 5.0, "Speaker 1"), Turn(5.0, 9.0, "Speaker 2")))
    assert assemble(plan, [], "en", "x", draft=False).quality["quick_changes"] == [{"start": 4.2, "end": 5.8}]


def test_a_transcript_is_told_what_was_taken_out_of_it():
    plan = SpeechPlan(
        60.0, (Chunk((Utterance(0.0, 20.0),)),), (Turn(0.0, 20.0, "Speaker 1"),), {"speech_seconds": 20.0}
    )
    looped = Phrase("So it goes. " * 8, 0.0, 20.0)
    transcript = assemble(plan, [(None, looped)], "en", "engine", draft=False)
    assert transcript.text == "So it goes."
    assert transcript.quality["needs_review"]
    assert [f["kind"] for f in transcript.quality["invented"]] == ["repeated"]

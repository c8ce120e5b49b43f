"""Ranges off the record, and a transcript without what was said in them."""

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.transcripts.off_record import beyond, merged, overlaps, parsed, silence, without
from shared.domain.values import SAMPLE_RATE

TIMES = st.floats(0, 100).map(lambda x: round(x, 2))
RANGES = st.lists(st.tuples(TIMES, TIMES).filter(lambda r: r[0] < r[1]), min_size=1, max_size=8)


def segment(text: str, start: float, pace: float = 1.0, timed: bool = True) -> dict[str, Any]:
    texts = text.split()
    words = [
        {"text": t.strip(".?"), "start": start + i * pace, "end": start + (i + 0.8) * pace, "confidence": 0.5}
        for i, t in enumerate(texts)
    ]
    return {
        "start": start, "end": start + len(texts) * pace, "text": text, "speaker": "Speaker 1",
        "confidence": 0.5, "words": words if timed else [],
    }  # fmt: skip


def transcript(*segments: dict[str, Any], **quality: Any) -> dict[str, Any]:
    return {"segments": list(segments), "quality": quality}


def test_ranges_are_read_as_people_write_them():
    assert parsed("12:30-13:05, 1:02:00 - 1:02:30.5,4000-4010") == (
        (750.0, 785.0),
        (3720.0, 3750.5),
        (4000.0, 4010.0),
    )


@pytest.mark.parametrize("text", ["", "5", "5-", "a-b", "10-5", "5-5", "-5-6", "1:2:3:4-5", "1e3-2e3", "5–6"])
def test_what_is_no_range_is_refused(text):
    with pytest.raises(ValueError, match="a range"):
        parsed(text)


@given(RANGES)
def test_merging_keeps_the_time_and_leaves_no_overlap(ranges):
    found = merged(ranges)
    assert all(a[1] < b[0] for a, b in itertools.pairwise(found))
    for moment in {edge for pair in ranges for edge in pair}:
        inside = any(start <= moment <= end for start, end in ranges)
        assert inside == any(start <= moment <= end for start, end in found)


@given(RANGES, RANGES)
def test_what_lies_beyond_earlier_ranges_is_all_that_they_leave(ranges, earlier):
    found = beyond(merged(ranges), merged(earlier))
    edges = sorted({edge for pair in (*ranges, *earlier, *found) for edge in pair})
    for moment in [(one + next_one) / 2 for one, next_one in itertools.pairwise(edges)]:
        inside, taken, left = (any(a < moment < b for a, b in each) for each in (ranges, earlier, found))
        assert left == (inside and not taken)


@pytest.mark.parametrize("channels", [1, 2])
@given(ranges=RANGES, first=st.integers(0, 40 * SAMPLE_RATE))
def test_exactly_the_ranges_become_silence(channels, ranges, first):
    seconds = 0.5
    pcm = bytearray(np.full(int(seconds * SAMPLE_RATE) * channels, 7, np.int16).tobytes())
    silence(pcm, first, 2 * channels, merged(ranges))
    heard = np.frombuffer(bytes(pcm), np.int16).reshape(-1, channels)
    at = first + np.arange(len(heard))
    off = np.zeros(len(heard), bool)
    for start, end in ranges:
        off |= (at >= int(start * SAMPLE_RATE)) & (at < end * SAMPLE_RATE)
    assert (heard[off] == 0).all()
    assert (heard[~off] == 7).all()


def test_words_in_a_range_are_gone_and_the_others_keep_their_times():
    said = transcript(segment("One two three four five six.", 10.0))
    rest = without(said, ((12.3, 13.1),))["segments"]
    assert [(s["text"], s["start"], s["end"]) for s in rest] == [
        ("One two", 10.0, 11.8),
        ("five six.", 14.0, 15.8),
    ]


def test_a_word_within_the_margin_goes_too():
    assert without(transcript(segment("One two.", 0.0)), ((2.0, 3.0),))["segments"][0]["text"] == "One"


def test_text_without_times_of_words_goes_as_a_whole():
    untimed = segment("Nobody knows when each word was said.", 0.0, timed=False)
    apart = segment("Fine.", 20.0, timed=False)
    assert without(transcript(untimed, apart), ((1.0, 1.5),))["segments"] == [apart]


def test_what_was_left_beside_an_earlier_range_stays_when_another_is_taken_out():
    beside = segment("One two.", 0.0)
    across = segment("It was silent for a while in here.", 4.0, timed=False)
    said = transcript(beside, across, segment("Not this.", 20.0))
    rest = without(said, ((2.0, 3.0), (6.0, 8.0), (20.0, 30.0)), ((2.0, 3.0), (6.0, 8.0)))
    assert rest["segments"] == [beside, across]
    assert [off["start"] for off in rest["quality"]["off_the_record"]] == [2.0, 6.0, 20.0]


def test_the_report_tells_the_ranges_and_no_more_of_what_lay_in_them():
    spans = [{"start": 1.0, "end": 2.0}, {"start": 30.0, "end": 31.0}]
    quality = without(transcript(low_confidence_spans=spans, quick_changes=spans), ((0.0, 5.0),))["quality"]
    assert quality["low_confidence_spans"] == quality["quick_changes"] == spans[1:]
    assert quality["off_the_record"] == [{"start": 0.0, "end": 5.0}]


@given(RANGES)
def test_nothing_that_remains_comes_near_a_range_and_twice_is_once(ranges):
    off = merged(ranges)
    said = transcript(*(segment("a b c d e f g h", at) for at in range(0, 100, 10)))
    rest = without(said, off)
    words = [word for s in rest["segments"] for word in s["words"]]
    assert not any(overlaps(word["start"], word["end"], off) for word in words)
    assert without(rest, off) == rest
    assert all(len(s["text"].split()) == len(s["words"]) for s in rest["segments"])

"""Corrected words over what was heard: nothing moves, nothing else changes, and all of it can be had back."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.transcripts.corrections import (
    Correction,
    corrected,
    corrections_from_json,
    corrections_to_json,
    on_the_record,
    place_of,
)
from shared.domain.transcripts.serialization import transcript_from_json

WORDS = st.lists(
    st.sampled_from(["i", "take", "zoloft", "every", "night", "and", "sleep"]), min_size=1, max_size=9
)


def segment(text: str, start: float = 0.0, timed: bool = True) -> dict[str, Any]:
    texts = text.split()
    words = [
        {"text": t, "start": start + i, "end": start + i + 0.8, "confidence": 0.5}
        for i, t in enumerate(texts)
    ]
    return {
        "start": start, "end": start + len(texts), "text": text, "speaker": "Speaker 1", "confidence": 0.5,
        "words": words if timed else [],
    }  # fmt: skip


def transcript(*segments: dict[str, Any], **quality: Any) -> dict[str, Any]:
    return {
        "segments": list(segments), "quality": quality, "duration_seconds": 100.0, "language": "en",
        "engine": "fake", "draft": False, "usage": [],
    }  # fmt: skip


def saying(text: str, speaker: str = "Speaker 1") -> Correction:
    return Correction(text, speaker, "me", "2026-01-31T09:00:00+00:00")


def test_a_word_that_is_replaced_takes_the_time_of_the_one_that_was_heard() -> None:
    heard = segment("i take soul often daily", 10.0)
    said = corrected(transcript(heard), {place_of(heard): saying("I take Zoloft daily.")})["segments"][0]
    assert said["text"] == "I take Zoloft daily."
    assert [(w["text"], w["start"], w["end"]) for w in said["words"]] == [
        ("I", 10.0, 10.8), ("take", 11.0, 11.8), ("Zoloft", 12.0, 13.8), ("daily.", 14.0, 14.8),
    ]  # fmt: skip
    assert [w["confidence"] for w in said["words"]] == [0.5, 0.5, None, 0.5]
    assert said["corrected"] == {"by": "me", "at": "2026-01-31T09:00:00+00:00", "heard": heard["text"]}


def test_a_segment_without_word_times_stays_without_them() -> None:
    heard = segment("i take soul often", timed=False)
    said = corrected(transcript(heard), {place_of(heard): saying("I take Zoloft.")})["segments"][0]
    assert (said["text"], said["words"]) == ("I take Zoloft.", [])


def test_one_segment_can_be_given_to_another_speaker() -> None:
    heard = [segment("yes", 0.0), segment("no", 5.0)]
    said = corrected(transcript(*heard), {place_of(heard[1]): saying("no", "Speaker 2")})["segments"]
    assert [one["speaker"] for one in said] == ["Speaker 1", "Speaker 2"]


def test_engines_read_the_corrected_words_and_not_who_corrected_them() -> None:
    heard = segment("soul often")
    read = transcript_from_json(corrected(transcript(heard), {place_of(heard): saying("Zoloft")}))
    assert read.text == "Zoloft"


def test_what_was_corrected_is_in_doubt_no_more() -> None:
    heard = [segment("one two three", 0.0), segment("four five six", 10.0)]
    spans = [{"start": 0.0, "end": 2.8}, {"start": 10.0, "end": 12.8}]
    document = transcript(*heard, low_confidence_spans=spans)
    said = corrected(document, {place_of(heard[0]): saying("one or two")})
    assert said["quality"]["low_confidence_spans"] == spans[1:]
    assert document["quality"]["low_confidence_spans"] == spans


def test_a_correction_of_what_goes_off_the_record_goes_with_it() -> None:
    places = [place_of(segment("one two", 0.0)), place_of(segment("three four", 50.0))]
    known = {place: saying("other words") for place in places}
    assert list(on_the_record(known, ((49.0, 51.0),))) == places[:1]
    assert corrections_from_json(corrections_to_json(known)) == known


@given(WORDS, WORDS)
def test_the_words_are_those_of_the_text_and_their_times_rise_within_the_segment(
    heard: list[str], said: list[str]
) -> None:
    before = segment(" ".join(heard), 3.0)
    after = corrected(transcript(before), {place_of(before): saying(" ".join(said))})["segments"][0]
    assert [word["text"] for word in after["words"]] == said
    times = [time for word in after["words"] for time in (word["start"], word["end"])]
    assert times == sorted(times)
    assert before["start"] <= times[0]
    assert times[-1] <= before["end"]

"""Odd transcription answers, read without believing them."""

import json

import pytest

from shared.domain.errors import PermanentStepError, RetryableStepError
from shared.domain.values import Phrase, Word
from workers.engines.openai.client import Answer
from workers.engines.openai.errors import Target
from workers.engines.openai.phrases import clean, phrases_from

TARGET = Target("transcription service", "whisper-1", "SESSIONSCRIBE_OPENAI_TRANSCRIPTION_MODEL")


def read(document, media_type="application/json", seconds=10.0):
    text = document if media_type == "text/plain" else json.dumps(document)
    return phrases_from(Answer(text, media_type), seconds, TARGET)


def segment(text, start, end):
    return {"text": text, "start": start, "end": end}


def word(text, start, end):
    return {"word": text, "start": start, "end": end}


@pytest.mark.parametrize(
    ("document", "media_type"),
    [
        ({"text": "Good day."}, "application/json"),
        ("Good day.", "application/json"),
        ("Good day.\n", "text/plain"),
        ('{"text": "Good day."}', "text/plain"),
        ({"text": "Good day.", "segments": None, "words": None, "duration": "9.5"}, "application/json"),
        ({"text": "Good day.", "segments": "none", "words": {"word": "Good"}}, "application/json"),
        ({"text": "Good day.", "segments": [segment("Something else.", 0, 1)]}, "application/json"),
        ({"text": "Good day.", "segments": [segment("Good day.", None, 1)]}, "application/json"),
        ({"text": "Good day.", "segments": [segment("Good day.", "soon", [])]}, "application/json"),
        ({"text": "Good day.", "segments": [None, 3]}, "application/json"),
        (
            {"text": "Good day.", "segments": [segment("day.", 5, 6), segment("Good", 1, 2)]},
            "application/json",
        ),
        ({"text": "Good day.", "segments": [segment("Good day.", float("nan"), 1)]}, "application/json"),
        ({"text": "Good day.", "segments": [segment("Good day.", 10**400, 1)]}, "application/json"),
    ],
)
def test_text_without_usable_times_is_one_phrase_over_the_whole_audio(document, media_type):
    assert read(document, media_type) == [Phrase("Good day.", 0.0, 10.0)]


def test_text_missing_is_put_together_from_the_segments():
    found = read({"text": None, "segments": [segment(" Good", 0, 1), segment(" day.", 1, 2)]})
    assert found == [Phrase("Good", 0.0, 1.0), Phrase("day.", 1.0, 2.0)]


def test_times_as_strings_are_read():
    assert read({"text": "Yes.", "segments": [segment("Yes.", "1.5", "2")]}) == [Phrase("Yes.", 1.5, 2.0)]


def test_times_in_nanoseconds_are_read():
    found = read({"text": "Yes.", "segments": [segment("Yes.", 0, 9_640_000_000)]})
    assert found == [Phrase("Yes.", 0.0, 9.64)]


def test_whispers_padding_to_half_a_minute_is_not_taken_for_nanoseconds():
    found = read({"text": "Yes.", "segments": [segment("Yes.", 0.5, 30.0)]}, seconds=1.0)
    assert found == [Phrase("Yes.", 0.5, 1.0)]


def test_times_outside_the_audio_are_clamped():
    found = read({"text": "Yes. No.", "segments": [segment("Yes.", -3, 4), segment("No.", 12, 11)]})
    assert found == [Phrase("Yes.", 0.0, 4.0), Phrase("No.", 10.0, 10.0)]


def test_words_without_segments_go_into_the_one_phrase():
    found = read({"text": "Good day.", "words": [word(" Good", 1, 2), word("day", 2, 3)]})
    assert found == [Phrase("Good day.", 0.0, 10.0, None, (Word("Good", 1.0, 2.0), Word("day", 2.0, 3.0)))]


@pytest.mark.parametrize("bad", [{"word": "day"}, {"word": None, "start": 2, "end": 3}, word("day", 0, 1), 7])
def test_one_unusable_word_makes_a_phrase_without_words_rather_than_with_gaps(bad):
    found = read({"text": "Good day.", "words": [word("Good", 1, 2), bad]})
    assert found == [Phrase("Good day.", 0.0, 10.0)]


@pytest.mark.parametrize("document", [{"text": ""}, {"text": " \n"}, ""])
def test_silence_gives_no_phrase(document):
    assert read(document) == []


@pytest.mark.parametrize(
    "document", [{}, {"text": None}, {"text": 5}, {"text": None, "segments": []}, 5, None, []]
)
def test_an_answer_without_text_may_be_better_next_time(document):
    with pytest.raises(RetryableStepError, match="holds no transcript"):
        read(document)


@pytest.mark.parametrize("page", ["<!DOCTYPE html><p>Log in", "\n<HTML>"])
def test_a_web_page_is_told_from_a_transcript(page):
    with pytest.raises(PermanentStepError, match="OPENAI_BASE_URL"):
        read(page, "text/plain")


def test_text_that_a_database_cannot_hold_is_cleaned():
    assert clean(" a\0b\ud800 c\n\nd ") == "a b c d"

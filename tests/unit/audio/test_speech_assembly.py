"""Words and turns put together into a transcript."""

import itertools

import pytest

from shared.domain.transcripts.assembly import assemble
from shared.domain.values import Chunk, Phrase, SpeechPlan, Turn, Utterance, Word


def plan(*turns: Turn, duration: float = 60.0) -> SpeechPlan:
    utterances = tuple(Utterance(t.start, t.end, t.channel) for t in turns)
    chunks = tuple(Chunk((utterance,)) for utterance in utterances)
    return SpeechPlan(duration, chunks, turns, {"speech_seconds": 30.0, "layout": "mono"})


def phrase(text: str, start: float, pace: float = 0.3, confidence: float = 0.8) -> Phrase:
    """Words without gaps, ``pace`` seconds each."""
    words = tuple(
        Word(w, start + i * pace, start + (i + 1) * pace, confidence) for i, w in enumerate(text.split())
    )
    return Phrase(text, start, words[-1].end, confidence, words)


def prose(words: int) -> str:
    """So many words, none of them said twice."""
    return " ".join(f"word{number}" for number in range(words))


def assembled(speech_plan: SpeechPlan, *phrases: tuple[int | None, Phrase]):
    return assemble(speech_plan, phrases, language="en", engine="fake-1", draft=True)


TWO_TURNS = plan(Turn(0.0, 5.0, "Speaker 1"), Turn(5.0, 12.0, "Speaker 2"))


def test_each_word_goes_to_the_speaker_of_its_turn():
    across = phrase("How are you? I am fine.", 4.1)
    transcript = assembled(TWO_TURNS, (None, across))
    assert [(s.speaker, s.text) for s in transcript.segments] == [
        ("Speaker 1", "How are you?"),
        ("Speaker 2", "I am fine."),
    ]


def test_a_word_outside_every_turn_goes_to_the_nearest():
    transcript = assembled(TWO_TURNS, (None, phrase("goodbye", 12.2)))
    assert [s.speaker for s in transcript.segments] == ["Speaker 2"]


def test_a_phrase_without_words_goes_whole_to_the_turn_it_shares_most_time_with():
    transcript = assembled(TWO_TURNS, (None, Phrase("How are you? I am fine.", 4.0, 9.0)))
    assert [(s.speaker, s.text) for s in transcript.segments] == [("Speaker 2", "How are you? I am fine.")]


def test_channels_do_not_steal_each_others_words():
    both = plan(Turn(0.0, 6.0, "Speaker 1", 0), Turn(2.0, 3.0, "Speaker 2", 1))
    transcript = assembled(both, (0, phrase("I was so tired.", 2.0)), (1, phrase("I see.", 2.2)))
    assert {s.speaker: s.text for s in transcript.segments} == {
        "Speaker 1": "I was so tired.",
        "Speaker 2": "I see.",
    }


def test_segments_that_start_together_are_ordered_by_channel():
    both = plan(Turn(0.0, 6.0, "Speaker 1", 1), Turn(0.0, 6.0, "Speaker 2", 0))
    transcript = assembled(both, (1, phrase("one", 1.0)), (0, phrase("two", 1.0)))
    assert [s.speaker for s in transcript.segments] == ["Speaker 2", "Speaker 1"]


def test_text_that_an_engine_punctuates_is_kept():
    written = Phrase("Well, Dr. Gray said so.", 1.0, 3.0, None, phrase("well dr gray said so", 1.0).words)
    transcript = assembled(TWO_TURNS, (None, written))
    assert transcript.segments[0].text == "Well, Dr. Gray said so."


def test_punctuated_text_is_divided_with_its_words():
    words = phrase("how are you i am fine", 4.1).words
    transcript = assembled(TWO_TURNS, (None, Phrase("How are you? I am fine!", 4.1, 6.0, None, words)))
    assert [s.text for s in transcript.segments] == ["How are you?", "I am fine!"]


def test_a_long_turn_is_cut_where_a_sentence_ends():
    one_turn = plan(Turn(0.0, 60.0, "Speaker 1"))
    first, second = phrase(f"{prose(30)}.", 0.0), phrase(f"{prose(5)}.", 9.5)
    transcript = assembled(one_turn, (None, first), (None, second))
    assert [(s.start, s.end) for s in transcript.segments] == [(0.0, 9.0), (9.5, 11.0)]


def test_short_sentences_of_one_turn_stay_together():
    transcript = assembled(TWO_TURNS, (None, phrase("Thank you.", 0.0)), (None, phrase("How are you?", 2.0)))
    assert [s.text for s in transcript.segments] == ["Thank you. How are you?"]


def test_no_segment_is_longer_than_thirty_seconds_even_without_a_pause():
    transcript = assembled(plan(Turn(0.0, 60.0, "Speaker 1")), (None, phrase(prose(190), 0.0)))
    assert max(s.end - s.start for s in transcript.segments) <= 30.0


def test_times_are_rounded_to_milliseconds():
    transcript = assembled(TWO_TURNS, (None, Phrase("Yes.", 1.00049, 2.12351)))
    assert (transcript.segments[0].start, transcript.segments[0].end) == (1.0, 2.124)


def test_times_stay_inside_the_recording():
    transcript = assembled(plan(Turn(0.0, 3.0, "Speaker 1"), duration=3.0), (None, Phrase("Yes.", -0.2, 3.4)))
    assert (transcript.segments[0].start, transcript.segments[0].end) == (0.0, 3.0)


@pytest.mark.parametrize(
    "words", [[(1.0, 2.0), (1.5, 2.5)], [(1.0, 1.0), (1.0, 1.0)], [(2.0, 1.0), (1.2, 3.0)]]
)
def test_segments_of_one_speaker_never_overlap_and_always_last(words):
    apart = plan(*(Turn(a, b, "Speaker 1", c) for c, (a, b) in enumerate([(0.0, 3.0), (0.0, 3.0)])))
    transcript = assembled(apart, *((c, Phrase("Yes.", a, b)) for c, (a, b) in enumerate(words)))
    assert all(s.start < s.end for s in transcript.segments)
    assert all(a.end <= b.start for a, b in itertools.pairwise(transcript.segments))


def test_the_confidence_of_a_segment_is_the_mean_of_its_words():
    words = (Word("so", 0.0, 0.2, 0.4), Word("true", 0.2, 0.5, 0.9))
    transcript = assembled(TWO_TURNS, (None, Phrase("so true", 0.0, 0.5, 0.65, words)))
    assert transcript.segments[0].confidence == 0.65


def test_an_engine_without_confidences_gives_none():
    transcript = assembled(TWO_TURNS, (None, Phrase("Yes.", 0.0, 0.5)))
    assert transcript.segments[0].confidence is None
    assert transcript.quality["mean_word_confidence"] is None


def test_quality_adds_the_words_to_what_the_plan_knows():
    doubtful = phrase("maybe so", 3.0, confidence=0.2)
    transcript = assembled(TWO_TURNS, (None, phrase("yes i do", 0.0)), (None, doubtful))
    assert transcript.quality["layout"] == "mono"
    assert transcript.quality["low_confidence_share"] == 0.4
    assert transcript.quality["mean_word_confidence"] == 0.56
    assert transcript.quality["words_per_minute"] == 10.0


def test_silence_gives_an_empty_transcript():
    transcript = assembled(SpeechPlan(20.0, (), (), {"speech_seconds": 0.0}))
    assert transcript.segments == ()
    assert transcript.quality["words_per_minute"] == 0.0


def test_empty_phrases_leave_no_segments():
    assert assembled(TWO_TURNS, (None, Phrase("  ", 0.0, 1.0))).segments == ()

"""Utterances grouped into chunks."""

from shared.domain.values import Utterance
from workers.audio.chunking import plan_chunks


def utterances(*spans: tuple[float, float], channel: int | None = None) -> list[Utterance]:
    return [Utterance(start, end, channel) for start, end in spans]


def test_neighbours_share_a_chunk_until_it_is_full():
    chunks = plan_chunks(utterances((0, 10), (11, 20), (21, 29), (30, 40)), 30.0)
    assert [(chunk.start, chunk.end) for chunk in chunks] == [(0, 29), (30, 40)]


def test_every_utterance_is_in_exactly_one_chunk():
    spans = [(i * 7.0, i * 7.0 + 6.0) for i in range(50)]
    chunks = plan_chunks(utterances(*spans), 30.0)
    assert [(u.start, u.end) for chunk in chunks for u in chunk.utterances] == spans


def test_a_chunk_holds_one_channel_only():
    both = utterances((0, 5), (10, 15), channel=0) + utterances((5, 9), (16, 20), channel=1)
    chunks = plan_chunks(both, 30.0)
    assert [(chunk.channel, chunk.speech_seconds) for chunk in chunks] == [(0, 10), (1, 8)]


def test_silence_counts_towards_the_length_of_a_chunk():
    assert len(plan_chunks(utterances((0, 2), (50, 52)), 30.0)) == 2


def test_an_utterance_longer_than_a_chunk_is_a_chunk_of_its_own():
    chunks = plan_chunks(utterances((0, 5), (6, 50), (51, 55)), 30.0)
    assert [(chunk.start, chunk.end) for chunk in chunks] == [(0, 5), (6, 50), (51, 55)]


def test_speech_that_goes_on_is_not_cut_where_only_the_speaker_changes():
    chunks = plan_chunks(utterances((0, 10), (11, 18), (18, 24), (24, 33), (34, 40)), 30.0)
    assert [(chunk.start, chunk.end) for chunk in chunks] == [(0, 10), (11, 40)]


def test_speech_without_a_pause_is_cut_where_the_speaker_changes():
    chunks = plan_chunks(utterances((0, 12), (12, 24), (24, 36), (36, 48)), 30.0)
    assert [(chunk.start, chunk.end) for chunk in chunks] == [(0, 24), (24, 48)]


def test_no_speech_gives_no_chunks():
    assert plan_chunks([], 30.0) == ()

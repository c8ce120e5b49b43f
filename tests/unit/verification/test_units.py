"""What an engine is given at once."""

from shared.domain.transcripts.units import LONGEST_TURN_SECONDS, units_of
from shared.domain.values import Chunk, Turn, Utterance


def spans(chunk: Chunk, turns: list[Turn], unit: str) -> list[tuple[float, float]]:
    return [(piece.start, piece.end) for piece in units_of(chunk, turns, unit)]


CHUNK = Chunk((Utterance(0, 2), Utterance(3, 5), Utterance(6, 7), Utterance(8, 9)))
TURNS = [Turn(0, 5, "Speaker 1"), Turn(6, 7, "Speaker 2"), Turn(8, 9, "Speaker 1")]


def test_an_engine_for_utterances_gets_each():
    assert spans(CHUNK, TURNS, "utterance") == [(0, 2), (3, 5), (6, 7), (8, 9)]


def test_an_engine_with_times_of_words_gets_uncut_what_was_parted_for_a_change_of_speaker():
    chunk = Chunk((Utterance(0, 2), Utterance(2, 5), Utterance(6, 20), Utterance(20, 34), Utterance(34, 40)))
    joined = [(0, 5), (6, 34), (34, 40)]
    assert [(u.start, u.end) for u in units_of(chunk, TURNS, "utterance", word_times=True)] == joined
    assert units_of(chunk, TURNS, "utterance", word_times=False) == chunk.utterances


def test_an_engine_for_turns_gets_what_one_speaker_says_in_a_row():
    assert spans(CHUNK, TURNS, "turn") == [(0, 5), (6, 7), (8, 9)]


def test_an_engine_for_chunks_gets_the_whole():
    assert spans(CHUNK, TURNS, "chunk") == [(0, 9)]


def test_a_long_turn_is_divided_between_utterances():
    chunk = Chunk(tuple(Utterance(at, at + 9.5) for at in range(0, 100, 10)))
    found = spans(chunk, [Turn(0, 100, "Speaker 1")], "turn")
    assert found == [(0, 29.5), (30, 59.5), (60, 89.5), (90, 99.5)]
    assert max(end - start for start, end in found) <= LONGEST_TURN_SECONDS


def test_a_turn_on_another_channel_is_somebody_elses():
    chunk = Chunk((Utterance(0, 2, 1), Utterance(3, 5, 1)))
    turns = [Turn(0, 5, "Speaker 1", 0), Turn(0, 2, "Speaker 2", 1), Turn(3, 5, "Speaker 2", 1)]
    assert [(p.start, p.end, p.channel) for p in units_of(chunk, turns, "turn")] == [(0, 2, 1), (3, 5, 1)]


def test_utterances_that_no_turn_holds_are_given_one_by_one():
    assert spans(CHUNK, [], "turn") == [(0, 2), (3, 5), (6, 7), (8, 9)]

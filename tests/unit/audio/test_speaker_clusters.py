"""How many voices there are, in vectors that lie as those of the speaker network do."""

import numpy as np
import pytest

from workers.audio import speaker_clusters

DIMENSIONS = 256


def voice(seed: int) -> np.ndarray:
    return np.abs(np.random.default_rng(seed).normal(0, 1, DIMENSIONS)) ** 2


def pieces(of: np.ndarray, count: int, seed: int = 0) -> np.ndarray:
    """Unit vectors around ``of``, about 0.7 alike, as pieces of 1.6 s of one voice are."""
    random = np.random.default_rng(seed)
    found = np.maximum(of + random.normal(0, 1.1, (count, DIMENSIONS)), 0)
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


ANNA, BERT, CARA = voice(1), voice(2), voice(3)


def number(expected: int, *heard: np.ndarray) -> int:
    return len(speaker_clusters.find(np.concatenate(heard), expected))


@pytest.mark.parametrize("expected", [2, 3, 6])
@pytest.mark.parametrize("count", [1, 2, 5, 20, 150])
def test_one_voice_is_one_however_little_it_says(count, expected):
    assert number(expected, pieces(ANNA, count)) == 1


@pytest.mark.parametrize("expected", [2, 4])
@pytest.mark.parametrize("count", [8, 100])
def test_two_voices_are_two_however_many_were_expected(count, expected):
    assert number(expected, pieces(ANNA, count), pieces(BERT, count, 1)) == 2


def test_three_voices_are_three_where_two_were_expected():
    assert number(2, pieces(ANNA, 40), pieces(BERT, 40, 1), pieces(CARA, 40, 2)) == 3


def test_a_cough_is_no_voice():
    assert number(2, pieces(ANNA, 60), pieces(CARA, speaker_clusters.FEWEST_PIECES - 1, 2)) == 1


def test_a_voice_that_says_little_beside_another_is_a_voice():
    assert number(2, pieces(ANNA, 200), pieces(CARA, 12, 2)) == 2


def test_each_voice_lies_where_its_pieces_do():
    found = speaker_clusters.find(np.concatenate([pieces(ANNA, 30), pieces(BERT, 30, 1)]), 2)
    nearest = pieces(ANNA, 5, 7) @ found.T
    assert len(set(nearest.argmax(axis=1))) == 1
    assert nearest.max(axis=1).min() > 0.7


def test_three_hours_are_thinned_out():
    assert number(2, pieces(ANNA, 11_000), pieces(BERT, 10_600, 1)) == 2


def test_it_takes_clearer_evidence_to_find_more_than_were_expected():
    between = ANNA + 0.75 * (BERT - ANNA) * 0.62
    heard = pieces(ANNA, 60), pieces(between, 60, 1)
    assert (number(2, *heard), number(1, *heard)) == (2, 1)

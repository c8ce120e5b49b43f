"""How many voices there are, in points that lie as those of voices do."""

import numpy as np
import pytest

from tests.unit.audio.test_speech_speakers import HIGH, LOW, measured, voice
from workers.audio import voices
from workers.audio.speakers import doubt_about_number

DIMENSIONS = 38
APART = 8.0
FIRST, SECOND = np.zeros(DIMENSIONS), np.eye(DIMENSIONS)[0] * APART
BETWEEN = (FIRST + SECOND) / 2 + np.eye(DIMENSIONS)[1] * APART


def cloud(centre: np.ndarray, count: int, seed: int) -> np.ndarray:
    return centre + np.random.default_rng(seed).normal(0, 1, (count, DIMENSIONS))


def talk(*runs: tuple[np.ndarray, int]) -> tuple[np.ndarray, np.ndarray]:
    """Points in order of time, all of one utterance: so many of each voice."""
    points = np.concatenate([cloud(centre, count, seed) for seed, (centre, count) in enumerate(runs)])
    return points, np.zeros(len(points), np.intp)


def number(points: np.ndarray, utterance_of: np.ndarray, most: int) -> int:
    return len(voices.find(points, utterance_of, most))


@pytest.mark.parametrize("most", [2, 3, 4, 6])
@pytest.mark.parametrize("count", [70, 300])
def test_one_voice_is_one_however_many_were_expected(count, most):
    assert number(*talk((FIRST, count)), most) == 1


@pytest.mark.parametrize("most", [2, 3, 4, 6])
def test_two_voices_are_two_however_many_were_expected(most):
    assert number(*talk(*[(FIRST, 10), (SECOND, 10)] * 8), most) == 2


def test_no_more_voices_are_found_than_were_expected():
    assert number(*talk(*[(FIRST, 10), (SECOND, 10), (BETWEEN, 10)] * 5), 2) == 2


def test_what_is_heard_while_one_voice_follows_another_is_no_voice():
    quick = [(FIRST, 8), (BETWEEN, 2), (SECOND, 8), (BETWEEN, 2)] * 8
    assert number(*talk(*quick), 3) == 2


def test_a_voice_that_speaks_for_longer_than_a_change_takes_is_one():
    three = [(FIRST, 8), (BETWEEN, 5), (SECOND, 8), (BETWEEN, 5)] * 8
    assert number(*talk(*three), 3) == 3


def test_a_few_points_say_nothing_and_what_was_expected_is_believed():
    assert number(*talk((FIRST, voices.FEWEST_TO_JUDGE - 1)), 3) == 3


@pytest.mark.parametrize(
    ("pitches", "expected", "doubt"),
    [
        ((LOW, HIGH), 2, None),
        ((LOW, HIGH, 330.0), 2, "more_voices"),
        ((LOW, HIGH, 330.0), 3, None),
        ((LOW, HIGH), 3, None),
    ],
)
def test_a_number_that_is_too_low_is_doubted(pitches, expected, doubt):
    spoken = measured(*(voice(pitches[i % len(pitches)], 4.0, i) for i in range(18)))
    assert doubt_about_number(spoken, expected) == doubt


def test_where_little_is_said_the_number_is_doubted():
    assert doubt_about_number(measured(voice(LOW, 6.0, 1), voice(HIGH, 6.0, 2)), 2) == "few_words"

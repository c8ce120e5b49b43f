"""How many voices are told apart in the sample, whose two voices take turns."""

import json

import numpy as np
import pytest

from benchmarks.transcription import SAMPLE, decode
from shared.domain.values import SAMPLE_RATE
from tests.fakes.speech import InMemoryPcm
from workers.audio.analyser import OfflineSpeechAnalyser


@pytest.fixture(scope="module")
def sample() -> np.ndarray:
    return decode(SAMPLE)


@pytest.fixture(scope="module")
def therapist(sample: np.ndarray) -> np.ndarray:
    """The therapist's turns alone."""
    said = json.loads(SAMPLE.with_suffix(".json").read_text(encoding="utf-8"))["turns"]
    own = [turn for turn in said if turn["speaker"] == "therapist"]
    return np.concatenate(
        [sample[round((t["start"] - 0.2) * SAMPLE_RATE) : round(t["end"] * SAMPLE_RATE)] for t in own]
    )


def voices(samples: np.ndarray, expected: int) -> int:
    plan = OfflineSpeechAnalyser().analyse(InMemoryPcm(samples), expected, 30.0)
    return len({turn.speaker for turn in plan.turns})


@pytest.mark.parametrize("expected", [1, 2, 3])
def test_one_voice_alone_does_not_become_two(therapist, expected):
    assert voices(therapist, expected) == 1


@pytest.mark.parametrize("expected", [2, 4])
def test_two_voices_are_two_also_where_more_were_expected(sample, expected):
    assert voices(sample, expected) == 2


def test_what_the_caller_knows_better_is_believed(sample):
    assert voices(sample, 1) == 1

"""How many voices are told apart in the sample, whose two voices take turns."""

import json

import numpy as np
import pytest

from benchmarks.audio.transcription import SAMPLE, decode
from shared.domain.values import SAMPLE_RATE, SpeechPlan
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


def analysed(samples: np.ndarray, expected: int, analyser: OfflineSpeechAnalyser) -> SpeechPlan:
    return analyser.analyse(InMemoryPcm(samples), expected, 30.0)


def voices(samples: np.ndarray, expected: int) -> int:
    return len({turn.speaker for turn in analysed(samples, expected, OfflineSpeechAnalyser()).turns})


@pytest.mark.parametrize("expected", [1, 2, 3])
def test_one_voice_alone_does_not_become_two(therapist, expected):
    assert voices(therapist, expected) == 1


@pytest.mark.parametrize("expected", [2, 4])
def test_two_voices_are_two_also_where_more_were_expected(sample, expected):
    assert voices(sample, expected) == 2


def test_what_the_caller_knows_better_is_believed(sample):
    assert voices(sample, 1) == 1


@pytest.mark.parametrize("seconds", [10, 20, 29])
def test_one_voice_is_one_in_less_than_half_a_minute_too(therapist, seconds):
    plan = analysed(therapist[: seconds * SAMPLE_RATE], 2, OfflineSpeechAnalyser())
    assert (plan.quality["voices_found"], plan.quality["voices_doubt"]) == (1, None)


def test_two_voices_are_two_in_less_than_half_a_minute_too(sample):
    assert voices(sample[: 25 * SAMPLE_RATE], 2) == 2


def test_the_same_recording_always_gets_the_same_turns(sample):
    part = sample[: 60 * SAMPLE_RATE]
    assert (
        analysed(part, 2, OfflineSpeechAnalyser()).turns == analysed(part, 2, OfflineSpeechAnalyser()).turns
    )


def test_without_the_network_voices_are_told_apart_by_their_cepstra(sample):
    plan = analysed(sample, 2, OfflineSpeechAnalyser(find_network=lambda: None))
    assert (plan.quality["voices_found"], plan.quality["speaker_network"]) == (2, False)
    assert analysed(sample, 2, OfflineSpeechAnalyser()).quality["speaker_network"] is True

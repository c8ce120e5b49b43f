"""Which channels are listened to."""

import numpy as np
import pytest

from tests.fakes.speech import InMemoryPcm
from workers.audio.levels import choose_layout, drowned_by, measure_loudness

RATE = 16_000


def talk(*turns: tuple[float, float], seconds: float = 20.0, level: float = 0.2) -> np.ndarray:
    """Noise at ``level`` of full scale in the turns, and a faint hiss throughout."""
    random = np.random.default_rng(3)
    samples = random.standard_normal(int(seconds * RATE)) * 0.0005
    for start, end in turns:
        part = slice(int(start * RATE), int(end * RATE))
        samples[part] += random.standard_normal(part.stop - part.start) * level
    return samples


LEFT = talk((0, 4), (9, 13))
RIGHT = talk((5, 8), (14, 19))


def layout(left: np.ndarray, right: np.ndarray):
    stereo = InMemoryPcm((np.stack([left, right], axis=1).clip(-1, 1) * 32_767).astype(np.int16))
    left_levels, right_levels, mix = (measure_loudness(stereo, channel).levels for channel in (0, 1, None))
    return choose_layout(left_levels, right_levels, mix)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param(LEFT, RIGHT, id="apart"),
        pytest.param(LEFT + 0.1 * RIGHT, RIGHT + 0.1 * LEFT, id="bleeding at -20 dB"),
        pytest.param(LEFT + 0.3 * RIGHT, RIGHT + 0.3 * LEFT, id="bleeding at -10 dB"),
        pytest.param(LEFT, RIGHT * 0.1, id="one side 20 dB quieter"),
    ],
)
def test_a_channel_for_each_speaker_is_recognised(left, right):
    assert layout(left, right).name == "dual_channel"


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param(LEFT + RIGHT, LEFT + RIGHT, id="mono copied to both"),
        pytest.param(LEFT + 0.75 * RIGHT, 0.75 * LEFT + RIGHT, id="a room in stereo"),
        pytest.param(LEFT * 0, LEFT * 0, id="digital silence"),
    ],
)
def test_what_does_not_tell_the_speakers_apart_is_mixed(left, right):
    assert layout(left, right).channels == (None,)


@pytest.mark.parametrize("dead", [RIGHT * 0, talk()], ids=["digital silence", "hiss"])
def test_a_dead_channel_is_left_out(dead):
    assert layout(dead, LEFT + RIGHT).channels == (1,)
    assert layout(LEFT + RIGHT, dead).channels == (0,)


def test_only_the_fainter_copy_of_a_voice_counts_as_drowned():
    own, other = np.full(100, -40, np.float32), np.full(100, -20, np.float32)
    assert drowned_by(own, other).mean() > 0.9
    assert not drowned_by(other, own).any()


def test_clipping_is_counted():
    samples = np.zeros(1000, np.int16)
    samples[:10] = 32_767
    assert measure_loudness(InMemoryPcm(samples), 0).clipped_share == 0.01


def test_an_empty_recording_has_no_levels():
    assert measure_loudness(InMemoryPcm(np.zeros(0, np.int16)), 0).levels.size == 0


@pytest.mark.parametrize("gain", [-1.0, -0.8])
def test_channels_that_cancel_each_other_are_not_mixed(gain):
    voices = LEFT + RIGHT
    assert layout(voices, gain * voices).channels == (0,)
    assert layout(gain * voices, voices).channels in {(0,), (1,)}


@pytest.mark.parametrize("offset", [0.0, 0.05, -0.3])
def test_a_constant_offset_of_the_recorder_is_no_sound(offset):
    heard = measure_loudness(InMemoryPcm(((LEFT + offset).clip(-1, 1) * 32_767).astype(np.int16)), 0)
    hiss = heard.levels[int(5 / 0.05) : int(8 / 0.05)]
    assert hiss.mean() == pytest.approx(-66, abs=1)

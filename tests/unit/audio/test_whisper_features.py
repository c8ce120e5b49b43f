"""Whisper's input, computed in blocks: the library's numbers in a part of its memory."""

import tracemalloc

import numpy as np
import pytest

pytest.importorskip("faster_whisper")

from faster_whisper.feature_extractor import FeatureExtractor

from workers.engines.whisper.features import BlockFeatures, Floats


def noise(seconds: float) -> Floats:
    """Noise whose loudness rises, so that the loudest frame is in the last block."""
    count = round(seconds * 16_000)
    samples = np.random.default_rng(1).normal(0, 0.1, count) * np.linspace(0.001, 1, count)
    return samples.astype(np.float32)


@pytest.mark.parametrize("seconds", [0.03, 1.0, 29.99, 30.0, 30.01, 61.7])
def test_blocks_give_the_numbers_of_the_whole(seconds: float) -> None:
    sound = noise(seconds)
    ours, theirs = BlockFeatures()(sound), FeatureExtractor()(sound)
    assert ours.dtype == np.float32
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_another_window_length_is_taken_over_as_in_the_library() -> None:
    ours, theirs, sound = BlockFeatures(), FeatureExtractor(), noise(2.0)
    np.testing.assert_allclose(ours(sound, chunk_length=10), theirs(sound, chunk_length=10), atol=1e-5)
    assert (ours.n_samples, ours.nb_max_frames) == (theirs.n_samples, theirs.nb_max_frames)


def test_a_long_chunk_takes_a_part_of_the_memory() -> None:
    assert peak_bytes(BlockFeatures()) < 0.4 * peak_bytes(FeatureExtractor())


def peak_bytes(features: FeatureExtractor) -> int:
    sound = noise(150.0)
    tracemalloc.start()
    try:
        features(sound)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

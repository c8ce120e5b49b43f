"""The waveform of decoded speech, made once, while the whole of it is at hand."""

import numpy as np
from numpy.typing import NDArray

from shared.domain.ports import PcmSource
from shared.domain.transcripts.waveform import Waveform, samples_per_point
from shared.domain.values import SAMPLE_RATE

_BLOCK_SECONDS = 60


def waveform_of(pcm: PcmSource) -> Waveform:
    """The peaks of all channels together; a recording without a sample has none."""
    samples = round(pcm.seconds * SAMPLE_RATE)
    step = samples_per_point(samples)
    block = step * max(1, _BLOCK_SECONDS * SAMPLE_RATE // step)
    peaks: list[int] = []
    for first in range(0, samples, block):
        start, end = first / SAMPLE_RATE, min(first + block, samples) / SAMPLE_RATE
        # Channel by channel: in the mix, two channels of opposite polarity would be silence.
        channels = np.stack([_peaks(pcm.read(start, end, number), step) for number in range(pcm.channels)])
        low, high = channels[:, :, 0].min(axis=0), channels[:, :, 1].max(axis=0)
        peaks += (np.stack((low, high), axis=1) >> 8).ravel().tolist()
    return Waveform(step, tuple(peaks))


def _peaks(pcm: bytes, step: int) -> NDArray[np.int16]:
    """The lowest and the highest of every ``step`` samples, as rows."""
    samples = np.frombuffer(pcm, dtype="<i2")
    edges = np.arange(0, samples.size, step)
    return np.stack((np.minimum.reduceat(samples, edges), np.maximum.reduceat(samples, edges)), axis=1)

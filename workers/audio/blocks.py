"""Reads decoded audio block by block, so that an hour of it never lies in memory."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from shared.domain.ports import PcmSource
from shared.domain.values import BYTES_PER_SAMPLE, SAMPLE_RATE

# A multiple of every frame in this package: 512 samples (voice activity) and 800 (levels).
BLOCK_SAMPLES = 12_800 * 40
FULL_SCALE = 32_768.0

Samples = NDArray[np.int16]


def blocks(
    pcm: PcmSource, channel: int | None, start: float = 0.0, end: float | None = None
) -> Iterator[Samples]:
    """The samples of ``channel`` (None: the mix) from ``start`` to ``end`` seconds, 32 s at a time.

    Positions are counted in samples, so that rounding never adds up over a long recording.
    """
    position = round(start * SAMPLE_RATE)
    last = round((pcm.seconds if end is None else min(end, pcm.seconds)) * SAMPLE_RATE)
    while position < last:
        upto = min(position + BLOCK_SAMPLES, last)
        data = pcm.read(position / SAMPLE_RATE, upto / SAMPLE_RATE, channel)
        samples = np.frombuffer(data, "<i2", count=len(data) // BYTES_PER_SAMPLE)
        if samples.size:
            yield samples.astype(np.int16, copy=False)
        position = upto

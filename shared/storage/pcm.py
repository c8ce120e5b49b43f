"""Decoded audio at random from a stored object."""

import numpy as np

from shared.domain.ports import ByteSource
from shared.domain.transcripts.off_record import Ranges, silence
from shared.domain.values import BYTES_PER_SAMPLE, SAMPLE_RATE


class StoredPcm:
    """A ``PcmSource`` over a stored SPEECH object of 1 or 2 interleaved channels; some of it silenced."""

    def __init__(self, source: ByteSource, channels: int, silenced: Ranges = ()) -> None:
        self._source = source
        self.channels = channels
        self._silenced = silenced
        self._frame_bytes = BYTES_PER_SAMPLE * channels

    @property
    def seconds(self) -> float:
        return self._source.size / self._frame_bytes / SAMPLE_RATE

    def read(self, start: float, end: float, channel: int | None = None) -> bytes:
        """See PcmSource."""
        first = max(0, round(start * SAMPLE_RATE))
        count = max(0, round(end * SAMPLE_RATE) - first)
        interleaved = self._source.read_at(first * self._frame_bytes, count * self._frame_bytes)
        if self._silenced:
            audible = bytearray(interleaved)
            silence(audible, first, self._frame_bytes, self._silenced)
            interleaved = bytes(audible)
        if self.channels == 1:
            return interleaved
        samples = memoryview(interleaved).cast("h")
        if channel is not None:
            return samples[channel::2].tobytes()
        return mix(interleaved)


def mix(interleaved: bytes) -> bytes:
    """The mean of two interleaved channels."""
    stereo = np.frombuffer(interleaved, dtype="<i2").reshape(-1, 2)
    mixed: bytes = (stereo.astype(np.int32).sum(axis=1) // 2).astype("<i2").tobytes()
    return mixed

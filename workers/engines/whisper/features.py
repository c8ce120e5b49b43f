"""Whisper's input, the log-mel spectrum, computed a little at a time."""

from typing import Any

import numpy as np
from faster_whisper.feature_extractor import FeatureExtractor
from numpy.typing import NDArray

Floats = NDArray[np.float32]

# Thirty seconds: one window of the model.
_FRAMES_AT_ONCE = 3000
# Limits of the published front end: the least power, and how far below the loudest anything is told apart.
_LEAST_POWER = 1e-10
_DYNAMIC_RANGE = 8.0


class BlockFeatures(FeatureExtractor):  # type: ignore[misc]  # the library ships no types
    """The library's numbers, but for roundings of float32, without its memory.

    The library transforms the whole recording at once, which takes 60 MB a minute of it: 300 MB for a chunk
    of five minutes.
    """

    def __call__(self, waveform: Floats, padding: int = 160, chunk_length: int | None = None) -> Floats:
        """Mel bands x frames of 10 ms, of mono samples from -1 to 1 at 16 kHz."""
        if chunk_length is not None:
            self.n_samples = chunk_length * self.sampling_rate
            self.nb_max_frames = self.n_samples // self.hop_length
        padded = np.pad(np.pad(waveform, (0, padding)), self.n_fft // 2, mode="reflect")
        frames = (len(padded) - self.n_fft) // self.hop_length
        spectrum = np.empty((len(self.mel_filters), frames), np.float32)
        for first in range(0, frames, _FRAMES_AT_ONCE):
            last = min(first + _FRAMES_AT_ONCE, frames)
            spectrum[:, first:last] = self._log_mel(padded, first, last)
        np.maximum(spectrum, spectrum.max() - _DYNAMIC_RANGE, out=spectrum)
        spectrum += 4.0
        spectrum /= 4.0
        return spectrum

    def _log_mel(self, padded: Floats, first: int, last: int) -> Floats:
        """The frames from ``first`` to before ``last``, as the logarithm of their power."""
        window = np.hanning(self.n_fft + 1)[:-1].astype(np.float32)
        heard = padded[first * self.hop_length : (last - 1) * self.hop_length + self.n_fft]
        transformed: Any = self.stft(
            heard, self.n_fft, self.hop_length, window=window, center=False, return_complex=True
        )
        power = np.abs(transformed.astype(np.complex64)) ** 2
        logarithm: Floats = np.log10(np.maximum(self.mel_filters @ power, _LEAST_POWER))
        return logarithm

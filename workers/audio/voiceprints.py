"""What a voice sounds like: cepstral statistics of speech in tenths of a second."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from shared.domain.values import SAMPLE_RATE
from workers.audio.blocks import FULL_SCALE, Samples

FRAME, HOP, FFT = 400, 160, 512
FILTERS, COEFFICIENTS = 40, 19
LOWEST_HZ, HIGHEST_HZ = 100.0, 7_500.0
FRAMES_PER_CELL = 10
CELL_SECONDS = FRAMES_PER_CELL * HOP / SAMPLE_RATE
# A window is long enough to hold several sounds and short enough to hold one speaker.
WINDOW_CELLS, STEP_CELLS = 15, 5
# Frames this far below the loudest of their utterance are pauses, not voice.
QUIET_DB = 35.0

Floats = NDArray[np.float64]
# Kept for every tenth of a second of speech: half the size of what is computed with.
Kept = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Cells:
    """Sums over the voiced frames of each tenth of a second of one utterance.

    ``counts`` is (cells,), ``sums`` and ``squares`` are (cells, 19), ``levels`` is (cells,) in dB.
    """

    counts: Kept
    sums: Kept
    squares: Kept
    levels: Kept

    @property
    def size(self) -> int:
        return int(self.counts.size)

    def windows(self) -> list[tuple[int, int]]:
        """Cell ranges of 1.5 s every half second, the last one flush with the end."""
        last = self.size - WINDOW_CELLS
        if last <= 0:
            return [(0, self.size)]
        starts = [*range(0, last, STEP_CELLS), last]
        return [(start, start + WINDOW_CELLS) for start in starts]

    def voiced_frames(self, window: tuple[int, int]) -> float:
        """How many 10-ms frames of voice ``window`` holds."""
        return float(self.counts[slice(*window)].sum())

    def voiceprint(self, window: tuple[int, int]) -> Floats:
        """Mean and standard deviation of the coefficients in ``window``, 38 numbers."""
        part = slice(*window)
        count = max(1.0, float(self.counts[part].sum()))
        mean = self.sums[part].sum(axis=0, dtype=np.float64) / count
        variance = self.squares[part].sum(axis=0, dtype=np.float64) / count - mean**2
        return np.concatenate([mean, np.sqrt(np.maximum(variance, 0.0))])


def measure(samples: Samples) -> Cells:
    """Cells of one utterance, at least one even if it is shorter than a frame."""
    padded = np.pad(samples.astype(np.float64) / FULL_SCALE, (0, max(0, FRAME - samples.size)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HOP]
    power = np.abs(np.fft.rfft(frames * np.hamming(FRAME), FFT)) ** 2
    cepstra = np.log(power @ _mel_filters().T + 1e-10) @ _cosines().T
    levels = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-10)
    voiced = (levels >= levels.max() - QUIET_DB).astype(np.float64)
    edges = np.arange(0, levels.size, FRAMES_PER_CELL)
    weighted = cepstra * voiced[:, None]
    counts = np.add.reduceat(voiced, edges)
    frames_per_cell = np.add.reduceat(np.ones_like(levels), edges)
    return Cells(
        counts=counts.astype(np.float32),
        sums=np.add.reduceat(weighted, edges, axis=0).astype(np.float32),
        squares=np.add.reduceat(weighted * cepstra, edges, axis=0).astype(np.float32),
        levels=(np.add.reduceat(levels, edges) / frames_per_cell).astype(np.float32),
    )


def _mel(hertz: float) -> float:
    """O'Shaughnessy's mel scale."""
    return float(2595 * np.log10(1 + hertz / 700))


@lru_cache(maxsize=1)
def _mel_filters() -> Floats:
    """Triangular filters, (40, 257)."""
    mels = np.linspace(_mel(LOWEST_HZ), _mel(HIGHEST_HZ), FILTERS + 2)
    centres = 700 * (10 ** (mels / 2595) - 1)
    bins = np.fft.rfftfreq(FFT, 1 / SAMPLE_RATE)
    rising = (bins - centres[:-2, None]) / (centres[1:-1] - centres[:-2])[:, None]
    falling = (centres[2:, None] - bins) / (centres[2:] - centres[1:-1])[:, None]
    return np.maximum(0.0, np.minimum(rising, falling))


@lru_cache(maxsize=1)
def _cosines() -> Floats:
    """DCT-II without its first row: the first coefficient is loudness, not voice; (19, 40)."""
    order = np.arange(1, COEFFICIENTS + 1)[:, None]
    return np.asarray(np.cos(np.pi * order * (np.arange(FILTERS) + 0.5) / FILTERS))

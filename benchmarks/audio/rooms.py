"""Makes recordings worse: an echoing room with noise, and long pauses. The same each time."""

import numpy as np
from numpy.typing import NDArray

from shared.domain.values import SAMPLE_RATE

Sound = NDArray[np.int16]

ECHO_SECONDS = 0.45
FRAME = SAMPLE_RATE // 20
# Frames out of which the room tone of a pause is made: the quietest.
TONE_FRAMES = 40


def far_field(sound: Sound, noise_db: float, seed: int) -> Sound:
    """``sound`` from across a room (decaying noise as its echo), pink noise ``noise_db`` below it."""
    random = np.random.default_rng(seed)
    length = int(ECHO_SECONDS * SAMPLE_RATE)
    echo = random.standard_normal(length) * np.exp(-6.9 * np.arange(length) / length)
    echo[0] = 4.0  # the direct way
    size = len(sound) + length
    echoed = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(echo / np.linalg.norm(echo), size))
    echoed = echoed[: len(sound)]
    spectrum = np.fft.rfft(random.standard_normal(len(sound)))
    noise = np.fft.irfft(spectrum / np.sqrt(np.arange(len(spectrum)) + 1), len(sound))
    noise *= _level(echoed) / _level(noise) * 10 ** (-noise_db / 20)
    return np.clip(echoed + noise, -32768, 32767).astype(np.int16)


def with_pauses(sound: Sound, seed: int, shortest: float = 2.0, longest: float = 6.0) -> Sound:
    """``sound`` with room tone put in at the quietest place of every few seconds; nothing is cut out."""
    random = np.random.default_rng(seed)
    frames = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME)
    loudness = np.abs(frames.astype(np.int32)).mean(axis=1)
    tone = frames[np.argsort(loudness)[:TONE_FRAMES]]
    parts: list[Sound] = []
    at = 0
    while True:
        first = at + int(random.uniform(2.5, 6.0) * SAMPLE_RATE)
        if first + SAMPLE_RATE // 2 >= len(sound):
            return np.concatenate([*parts, sound[at:]])
        frame = first // FRAME
        cut = (frame + int(np.argmin(loudness[frame : frame + 20]))) * FRAME + FRAME // 2
        pause = int(random.uniform(shortest, longest) * SAMPLE_RATE)
        parts += [sound[at:cut], np.resize(random.permutation(tone).ravel(), pause)]
        at = cut


def _level(sound: NDArray[np.float64]) -> float:
    return float(np.sqrt((sound**2).mean()))

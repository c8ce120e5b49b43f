"""Small things done to 16 kHz mono 16-bit audio on its way to an engine."""

import io
import wave
from array import array

from shared.domain.values import BYTES_PER_SAMPLE, SAMPLE_RATE

_FRAME = SAMPLE_RATE // 20


def wav(pcm: bytes) -> bytes:
    """``pcm`` as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(BYTES_PER_SAMPLE)
        out.setframerate(SAMPLE_RATE)
        out.writeframes(pcm[: len(pcm) // BYTES_PER_SAMPLE * BYTES_PER_SAMPLE])
    return file.getvalue()


def quietest_place(pcm: bytes) -> int:
    """The byte in the middle of the quietest twentieth of a second of the middle third."""
    samples = array("h", pcm[: len(pcm) // BYTES_PER_SAMPLE * BYTES_PER_SAMPLE])
    starts = range(len(samples) // 3, max(len(samples) // 3 + 1, 2 * len(samples) // 3 - _FRAME), _FRAME)
    quietest = min(starts, key=lambda at: sum(map(abs, samples[at : at + _FRAME])))
    return (quietest + _FRAME // 2) * BYTES_PER_SAMPLE

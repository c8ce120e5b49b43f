"""Engines that cost nothing and cannot mix anything up: what they hear is written in the sound.

A recording is a row of half-second stretches, each of one constant level. Two stretches make a
chunk. The transcriber tells the level's number, so a transcript shows what came twice, in the
wrong place, or not at all; and it says the machine's marker, which must be found nowhere.
"""

import io
import re
import struct
import wave

from shared.domain.ports import PcmSource
from shared.domain.values import (
    SAMPLE_RATE,
    Chunk,
    Phrase,
    SpeechPlan,
    TranscriberCapabilities,
    TranscriptionHints,
    Turn,
    Utterance,
)
from workers.engines.rules import RulesExtractor

STRETCH_SECONDS = 0.5
STRETCHES_IN_A_CHUNK = 2
LEVEL = 200


def recording(chunks: int) -> bytes:
    """A WAV file that will be transcribed in so many chunks."""
    out = io.BytesIO()
    samples = round(STRETCH_SECONDS * SAMPLE_RATE)
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        for number in range(1, chunks * STRETCHES_IN_A_CHUNK + 1):
            file.writeframes(struct.pack("<h", number * LEVEL) * samples)
    return out.getvalue()


def heard_in(transcript: str) -> list[int]:
    """The numbers of the stretches that a transcript tells, in its order."""
    return [int(number) for number in re.findall(r"number (\d+)", transcript)]


def should_be_heard(chunks: int) -> list[int]:
    return list(range(1, chunks * STRETCHES_IN_A_CHUNK + 1))


class Analyser:
    """A chunk for every two stretches."""

    def analyse(self, pcm: PcmSource, speakers: int, chunk_seconds: float) -> SpeechPlan:
        count = round(pcm.seconds / STRETCH_SECONDS)
        pcm.read(0.0, pcm.seconds)  # as a real one does, so that a watched one is asked
        stretches = [Utterance(n * STRETCH_SECONDS, (n + 1) * STRETCH_SECONDS) for n in range(count)]
        chunks = [
            Chunk(tuple(stretches[first : first + STRETCHES_IN_A_CHUNK]))
            for first in range(0, count, STRETCHES_IN_A_CHUNK)
        ]
        turns = [Turn(s.start, s.end, f"Speaker {n % 2 + 1}") for n, s in enumerate(stretches)]
        return SpeechPlan(pcm.seconds, tuple(chunks), tuple(turns))


class Transcriber:
    """Tells the number of a stretch by its level."""

    def __init__(self, marker: str) -> None:
        self._marker = marker

    @property
    def capabilities(self) -> TranscriberCapabilities:
        return TranscriberCapabilities("numbers-1", False, "utterance", 30.0, 1, True)

    def transcribe(self, pcm: bytes, hints: TranscriptionHints) -> list[Phrase]:
        (level,) = struct.unpack_from("<h", pcm, len(pcm) // 4 * 2)
        text = f"they said {self._marker} number {round(level / LEVEL)}"
        return [Phrase(text, 0.0, len(pcm) / 2 / SAMPLE_RATE, 0.9, ())]


def build_extractor() -> RulesExtractor:
    """The offline one: it costs a few milliseconds."""
    return RulesExtractor()

"""Stand-ins behind the speech ports: audio in memory, a scripted analyser and transcriber."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from shared.domain.errors import StepError
from shared.domain.ports import PcmSource
from shared.domain.values import (
    BYTES_PER_SAMPLE,
    SAMPLE_RATE,
    Phrase,
    SpeechPlan,
    TranscriberCapabilities,
    TranscriptionHints,
    Word,
)


class InMemoryPcm:
    """A PcmSource over samples of shape (n,) or (n, 2); remembers the longest read in seconds."""

    def __init__(self, samples: NDArray[np.int16]) -> None:
        self._samples = (samples[:, None] if samples.ndim == 1 else samples).astype(np.int16)
        self.longest_read = 0.0

    @property
    def channels(self) -> int:
        return int(self._samples.shape[1])

    @property
    def seconds(self) -> float:
        return len(self._samples) / SAMPLE_RATE

    def read(self, start: float, end: float, channel: int | None = None) -> bytes:
        first, last = max(0, round(start * SAMPLE_RATE)), max(0, round(end * SAMPLE_RATE))
        part = self._samples[first:last]
        self.longest_read = max(self.longest_read, len(part) / SAMPLE_RATE)
        mono = part.mean(axis=1).astype(np.int16) if channel is None else part[:, channel]
        return mono.tobytes()


class FakeSpeechAnalyser:
    """Answers with the plan it was given and remembers what it was asked."""

    def __init__(self, plan: SpeechPlan) -> None:
        self._plan = plan
        self.asked: list[tuple[int, float]] = []

    def analyse(self, pcm: PcmSource, speakers: int, chunk_seconds: float) -> SpeechPlan:
        self.asked.append((speakers, chunk_seconds))
        return self._plan


class FakeTranscriber:
    """Hears ``text`` as a sentence in every call, its words spread evenly, or raises the next ``errors``."""

    def __init__(
        self,
        text: str = "i feel better today",
        errors: Sequence[StepError] = (),
        unit: str = "utterance",
        word_times: bool = True,
    ) -> None:
        self.text = text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")
        self.calls = 0
        self._errors = list(errors)
        self._unit = unit
        self._word_times = word_times

    @property
    def capabilities(self) -> TranscriberCapabilities:
        return TranscriberCapabilities("fake-1", self._word_times, self._unit, 30.0, 1, True)

    def transcribe(self, pcm: bytes, hints: TranscriptionHints) -> list[Phrase]:
        self.calls += 1
        if self._errors:
            raise self._errors.pop(0)
        seconds = len(pcm) / BYTES_PER_SAMPLE / SAMPLE_RATE
        return [Phrase(self.text, 0.0, seconds, 0.9, self._words(seconds))]

    def _words(self, seconds: float) -> tuple[Word, ...]:
        texts = self.text.split() if self._word_times else []
        pace = seconds / max(1, len(texts))
        return tuple(Word(text, i * pace, (i + 1) * pace, 0.9) for i, text in enumerate(texts))

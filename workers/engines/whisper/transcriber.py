"""Speech to text on this machine by faster-whisper."""

import math
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from shared.domain.errors import PermanentStepError, RetryableStepError
from shared.domain.values import (
    BYTES_PER_SAMPLE,
    SAMPLE_RATE,
    Phrase,
    TranscriberCapabilities,
    TranscriptionHints,
    Word,
)
from workers.engines.whisper.loading import ModelSettings, load

_UNKNOWN_LANGUAGE = (
    "The whisper model does not know this language: choose another model (SESSIONSCRIBE_WHISPER_MODEL) "
    "or leave the language open."
)


class WhisperTranscriber:
    """The port Transcriber over CTranslate2; the model is loaded at the first call, per process."""

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._loaded: Any = None
        self._loaded_by = 0

    @property
    def capabilities(self) -> TranscriberCapabilities:
        """Chunks with words. The name never holds the folder's path."""
        return TranscriberCapabilities(
            name=f"faster-whisper:{Path(self._settings.model).name}",
            word_times=True,
            unit="chunk",
            # Whisper works in windows of 30 s; ten of them make loading and padding cheap.
            chunk_seconds=300.0,
            parallel_calls=1,
            draft=False,
        )

    def transcribe(self, pcm: bytes, hints: TranscriptionHints) -> list[Phrase]:
        """The words in ``pcm`` (16 kHz mono s16), times from its start in seconds.

        Raises PermanentStepError where the package, the model or the language cannot be used,
        RetryableStepError where the machine ran out of something.
        """
        samples = np.frombuffer(pcm[: len(pcm) // BYTES_PER_SAMPLE * BYTES_PER_SAMPLE], "<i2")
        if not samples.size:
            return []
        model = self._ready()
        language = (hints.language or "").replace("_", "-").partition("-")[0].lower() or None
        if language not in {None, "en"} and not model.model.is_multilingual:
            # The library would go on in English, and hear nonsense.
            raise PermanentStepError(_UNKNOWN_LANGUAGE, "engine_language_unsupported")
        seconds = samples.size / SAMPLE_RATE
        failure: PermanentStepError | RetryableStepError
        try:
            model.begin()
            segments, _ = model.transcribe(
                samples.astype(np.float32) / 32768,
                language=language,
                word_timestamps=True,
                # Above zero it samples: a retry would give another text.
                temperature=0.0,
                hotwords=" ".join(hints.vocabulary) or None,
                # Each window hears what was said before it, except after a loop (see Decoder).
                condition_on_previous_text=True,
            )
            return _phrases(_while_wanted(segments, hints, seconds), model.take_words, seconds)
        except ValueError:
            failure = PermanentStepError(_UNKNOWN_LANGUAGE, "engine_language_unsupported")
        except (RuntimeError, MemoryError):
            failure = RetryableStepError(
                "The whisper model stopped while transcribing. Look at the machine's memory, then retry "
                "the session.",
                "engine_failed",
            )
        # Outside the except block: a decoder's message may hold what was decoded.
        raise failure

    def _ready(self) -> Any:
        """The model of this process: its threads do not survive a fork."""
        with self._lock:
            if self._loaded is None or self._loaded_by != os.getpid():
                self._loaded, self._loaded_by = load(self._settings), os.getpid()
            return self._loaded


def _phrases(
    segments: Iterable[Any], words_of: Callable[[Any], list[dict[str, Any]]], seconds: float
) -> list[Phrase]:
    """The segments as they come, none before the end of the one before; the work is done here."""
    phrases: list[Phrase] = []
    spoken = 0.0
    for segment in segments:
        words = _words(words_of(segment), spoken, seconds)
        spoken = words[-1].end if words else spoken
        text = " ".join(segment.text.split())
        if text:
            start, end = _within(segment.start, segment.end, phrases[-1].end if phrases else 0.0, seconds)
            confidence = min(1.0, math.exp(float(segment.avg_logprob)))
            phrases.append(Phrase(text, start, end, confidence, words))
    return phrases


def _while_wanted(segments: Iterable[Any], hints: TranscriptionHints, seconds: float) -> Iterator[Any]:
    furthest = 0.0
    for segment in segments:
        hints.checkpoint()  # each segment is computed when it is asked for
        furthest = min(max(furthest, float(segment.end)), seconds)
        hints.reached(furthest)
        yield segment


def _words(items: Iterable[dict[str, Any]], earliest: float, seconds: float) -> tuple[Word, ...]:
    words = []
    for item in items:
        if text := item["word"].strip():
            start, end = _within(item["start"], item["end"], earliest, seconds)
            words.append(Word(text, start, end, float(item["probability"])))
            earliest = end
    return tuple(words)


def _within(start: float, end: float, earliest: float, seconds: float) -> tuple[float, float]:
    """The times as plain floats (they come as numpy's), not before ``earliest``, and within the audio,
    which whisper pads to 30 s."""
    begins = min(max(float(start), earliest), seconds)
    return begins, min(max(float(end), begins), seconds)

"""Speech to text on this machine by faster-whisper, which is an extra: ``pip install``ed on demand."""

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

# Without one of these the loader goes to the hub for it and waits there, even when told not to.
MODEL_FILES = ("model.bin", "config.json", "tokenizer.json")
_UNKNOWN_LANGUAGE = (
    "The whisper model does not know this language: choose another model (SESSIONSCRIBE_WHISPER_MODEL) "
    "or leave the language open."
)


class WhisperTranscriber:
    """The port Transcriber over CTranslate2; the model is loaded at the first call, per process.

    ``model`` is a folder (absolute, or starting with ``.`` or ``~``) or a name that
    faster-whisper knows, which it then downloads. ``device`` is cpu, cuda or auto: a GPU if there
    is one. ``compute_type`` None is int8 on a CPU and float16 on a GPU. ``cpu_threads`` above 1
    makes concurrent workers fight for the cores.
    """

    def __init__(
        self, model: str, device: str = "auto", compute_type: str | None = None, cpu_threads: int = 1
    ) -> None:
        self._model = model
        self._device, self._compute_type, self._cpu_threads = device, compute_type, cpu_threads
        self._lock = threading.Lock()
        self._loaded: Any = None
        self._loaded_by = 0

    @property
    def capabilities(self) -> TranscriberCapabilities:
        """Chunks with words. The name never holds the folder's path."""
        return TranscriberCapabilities(
            name=f"faster-whisper:{Path(self._model).name}",
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
            segments, _ = model.transcribe(
                samples.astype(np.float32) / 32768,
                language=language,
                word_timestamps=True,
                hotwords=" ".join(hints.vocabulary) or None,
                # One misheard loop would otherwise go on to the end of the chunk.
                condition_on_previous_text=False,
            )
            return _phrases(_while_wanted(segments, hints, seconds), seconds)
        except ValueError:
            failure = PermanentStepError(_UNKNOWN_LANGUAGE, "engine_language_unsupported")
        except (RuntimeError, MemoryError):
            failure = RetryableStepError("The whisper model stopped while transcribing.", "engine_failed")
        # Outside the except block: a decoder's message may hold what was decoded.
        raise failure

    def _ready(self) -> Any:
        """The model of this process: its threads do not survive a fork."""
        with self._lock:
            if self._loaded is None or self._loaded_by != os.getpid():
                self._loaded, self._loaded_by = self._load(), os.getpid()
            return self._loaded

    def _load(self) -> Any:
        folder = _folder(self._model)
        if folder is not None:
            _check(folder)
            # Read by the hub's client at import: with a folder given, nothing may be fetched.
            os.environ["HF_HUB_OFFLINE"] = "1"
        load = _loader()
        problem = "The whisper model cannot be loaded: check SESSIONSCRIBE_WHISPER_MODEL"
        try:
            return load(str(folder or self._model), **self._options())
        except (ValueError, RuntimeError, OSError, MemoryError) as error:
            if folder is None and isinstance(error, OSError):
                text = f"{problem}, and whether this machine may download it; a folder needs no network."
                raise RetryableStepError(text, "engine_model_unreachable") from None
            text = f"{problem}, its files, SESSIONSCRIBE_WHISPER_DEVICE and the compute type."
            raise PermanentStepError(text, "engine_model_unusable") from None

    def _options(self) -> dict[str, Any]:
        """How the model is to be loaded on what this machine has."""
        from ctranslate2 import get_cuda_device_count

        device = self._device
        if device == "auto":
            device = "cuda" if get_cuda_device_count() else "cpu"
        usual = "int8" if device == "cpu" else "float16"
        return {
            "device": device,
            "compute_type": self._compute_type or usual,
            "cpu_threads": self._cpu_threads,
        }


def _loader() -> Callable[..., Any]:
    try:
        from faster_whisper import WhisperModel  # here: 146 MB of libraries, and often not installed
    except ImportError:
        raise PermanentStepError(
            "faster-whisper is not installed: pip install 'sessionscribe[whisper]', or choose another "
            "engine with SESSIONSCRIBE_TRANSCRIBER.",
            "engine_not_installed",
        ) from None
    loader: Callable[..., Any] = WhisperModel
    return loader


def _folder(model: str) -> Path | None:
    """The folder that ``model`` names, or None if it is a name such as ``small``."""
    path = Path(model).expanduser()
    return path if path.is_absolute() or model.startswith(".") or path.is_dir() else None


def _check(folder: Path) -> None:
    missing = [name for name in MODEL_FILES if not (folder / name).is_file()]
    if missing:
        raise PermanentStepError(
            f"The folder in SESSIONSCRIBE_WHISPER_MODEL has no {', '.join(missing)}: it must hold a "
            "whisper model converted for CTranslate2.",
            "engine_model_unusable",
        )


def _phrases(segments: Iterable[Any], seconds: float) -> list[Phrase]:
    """The segments as they come, none before the end of the one before; the work is done here."""
    phrases: list[Phrase] = []
    spoken = 0.0
    for segment in segments:
        words = _words(segment.words or (), spoken, seconds)
        spoken = words[-1].end if words else spoken
        text = " ".join(segment.text.split())
        if text:
            start, end = _within(segment, phrases[-1].end if phrases else 0.0, seconds)
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


def _words(items: Iterable[Any], earliest: float, seconds: float) -> tuple[Word, ...]:
    words = []
    for item in items:
        if item.word.strip():
            start, end = _within(item, earliest, seconds)
            words.append(Word(item.word.strip(), start, end, float(item.probability)))
            earliest = end
    return tuple(words)


def _within(item: Any, earliest: float, seconds: float) -> tuple[float, float]:
    """Its times as floats (they come as numpy's), not before ``earliest``, and within the audio,
    which whisper pads to 30 s."""
    start = min(max(float(item.start), earliest), seconds)
    return start, min(max(float(item.end), start), seconds)

"""The real default model, loaded once in a test process."""

from functools import cache

from workers.engines.whisper.loading import ModelSettings
from workers.engines.whisper.transcriber import WhisperTranscriber


@cache
def tiny_en() -> WhisperTranscriber:
    """The engine with Whisper tiny.en; half a second of CPU and 260 MB at its first call."""
    return WhisperTranscriber(ModelSettings("tiny.en"))

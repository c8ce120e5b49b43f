"""Which engine stands behind a name, and what each needs to be made.

Each engine is imported where it is made, so that one engine's packages are never loaded for
another. Nothing is loaded or connected here: that waits for the first call.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from shared.domain.ports import NoteExtractor, Transcriber

_Builder = TypeVar("_Builder")


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """What the settings say of engines; the names are those of ``shared.settings.Settings``."""

    openai_api_key: str | None = field(default=None, repr=False)
    openai_base_url: str | None = None
    openai_transcription_model: str = "gpt-transcribe"
    openai_notes_model: str | None = None
    whisper_model: str | None = None
    whisper_device: str = "cpu"
    whisper_compute_type: str = "int8"
    whisper_cpu_threads: int = 1


def build_transcriber(name: str, options: EngineOptions) -> Transcriber:
    """The speech engine ``name``: pocketsphinx, openai or faster-whisper.

    Raises ValueError, with the setting's name, where a setting is missing or cannot work.
    """
    return _chosen(_TRANSCRIBERS, name, "SESSIONSCRIBE_TRANSCRIBER")(options)


def build_extractor(name: str, options: EngineOptions) -> NoteExtractor:
    """The notes engine ``name``: rules or openai. Raises ValueError as ``build_transcriber``."""
    return _chosen(_EXTRACTORS, name, "SESSIONSCRIBE_EXTRACTOR")(options)


def _pocketsphinx(options: EngineOptions) -> Transcriber:
    from workers.engines.pocketsphinx import PocketsphinxTranscriber

    return PocketsphinxTranscriber()


def _openai_transcriber(options: EngineOptions) -> Transcriber:
    from workers.engines.openai_transcriber import OpenAITranscriber

    model = _needed(options.openai_transcription_model, "SESSIONSCRIBE_OPENAI_TRANSCRIPTION_MODEL")
    return OpenAITranscriber(_openai_key(options), options.openai_base_url, model)


def _faster_whisper(options: EngineOptions) -> Transcriber:
    from workers.engines.whisper import WhisperTranscriber

    return WhisperTranscriber(
        _needed(options.whisper_model, "SESSIONSCRIBE_WHISPER_MODEL"),
        options.whisper_device,
        options.whisper_compute_type,
        options.whisper_cpu_threads,
    )


def _rules(options: EngineOptions) -> NoteExtractor:
    from workers.engines.rules import RulesExtractor

    return RulesExtractor()


def _openai_extractor(options: EngineOptions) -> NoteExtractor:
    from workers.engines.openai_extractor import OpenAIExtractor

    model = _needed(options.openai_notes_model, "SESSIONSCRIBE_OPENAI_NOTES_MODEL")
    return OpenAIExtractor(_openai_key(options), options.openai_base_url, model)


_TRANSCRIBERS: dict[str, Callable[[EngineOptions], Transcriber]] = {
    "pocketsphinx": _pocketsphinx,
    "openai": _openai_transcriber,
    "faster-whisper": _faster_whisper,
}
_EXTRACTORS: dict[str, Callable[[EngineOptions], NoteExtractor]] = {
    "rules": _rules,
    "openai": _openai_extractor,
}


def _chosen(engines: dict[str, _Builder], name: str, setting: str) -> _Builder:
    if name not in engines:
        raise ValueError(f"{setting} is {name!r}, which is no engine here: use one of {', '.join(engines)}.")
    return engines[name]


def _needed(value: str | None, setting: str) -> str:
    if not value:
        raise ValueError(f"{setting} is not set, and the chosen engine needs it.")
    return value


def _openai_key(options: EngineOptions) -> str:
    """The key; a server of one's own may do without."""
    if options.openai_base_url:
        return options.openai_api_key or ""
    return _needed(options.openai_api_key, "OPENAI_API_KEY (or OPENAI_BASE_URL, for a server of your own)")

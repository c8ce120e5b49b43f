"""Which engine stands behind a name, and what each needs to be made.

Each engine is imported where it is made, so that one engine's packages are never loaded for
another. Nothing is loaded or connected here: that waits for the first call.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from shared.domain.engines import OPENAI, RULES, WHISPER, sends_away
from shared.domain.ports import NoteExtractor, Transcriber
from shared.settings import Settings
from workers.engines.openai.call_limits import CallLimits, SharedLimits, Unlimited

if TYPE_CHECKING:
    from workers.engines.openai.client import OpenAIClient

_Builder = TypeVar("_Builder")

# Calls under way at once, unless SESSIONSCRIBE_OPENAI_MAX_CALLS says otherwise.
OPENAIS_CALLS, OWN_SERVERS_CALLS = 64, 8
MOST_CALLS_OF_A_PROCESS = 32


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """What the settings say of engines; the names are those of ``shared.settings.Settings``."""

    openai_api_key: str | None = field(default=None, repr=False)
    openai_base_url: str | None = None
    openai_transcription_model: str = "gpt-transcribe"
    openai_notes_model: str | None = None
    openai_notes_window_tokens: int = 100_000
    openai_notes_usd_per_million_input: float | None = None
    openai_notes_usd_per_million_output: float | None = None
    openai_timestamps: str = "auto"
    openai_usd_per_minute: float | None = None
    openai_in_house: bool = False
    deidentify: bool = False
    openai_max_calls: int | None = None
    openai_calls_per_minute: int = 1000
    redis_url: str | None = field(default=None, repr=False)
    whisper_model: str = "tiny.en"
    models_dir: Path | None = None
    whisper_device: str = "auto"
    whisper_compute_type: str | None = None
    whisper_cpu_threads: int = 1

    @classmethod
    def of(cls, settings: Settings) -> "EngineOptions":
        """The options that ``settings`` hold."""
        return cls(**{option.name: getattr(settings, option.name) for option in fields(cls)})


def build_transcriber(name: str, options: EngineOptions) -> Transcriber:
    """The speech engine ``name``: openai, faster-whisper, or faster-whisper:MODEL for another model.

    Raises ValueError, with the setting's name, where a setting is missing or cannot work.
    """
    engine, _, model = name.partition(":")
    if model:
        options = replace(options, whisper_model=model)
    return _chosen(TRANSCRIBERS, engine, "SESSIONSCRIBE_TRANSCRIBER")(options)


def build_extractor(name: str, options: EngineOptions) -> NoteExtractor:
    """The notes engine ``name``: rules or openai. Raises ValueError as ``build_transcriber``.

    With ``deidentify`` an engine that sends what was said away gets it without identifiers.
    """
    engine = _chosen(EXTRACTORS, name, "SESSIONSCRIBE_EXTRACTOR")(options)
    if not (options.deidentify and sends_away(name, options.openai_in_house)):
        return engine
    from workers.engines.deidentify.extractor import DeidentifyingExtractor

    return DeidentifyingExtractor(engine)


def _openai_transcriber(options: EngineOptions) -> Transcriber:
    from workers.engines.openai.transcriber import OpenAITranscriber

    model = _needed(options.openai_transcription_model, "SESSIONSCRIBE_OPENAI_TRANSCRIPTION_MODEL")
    return OpenAITranscriber(
        _openai_client(options),
        model,
        times=options.openai_timestamps,
        price=options.openai_usd_per_minute,
        parallel_calls=min(_max_calls(options), MOST_CALLS_OF_A_PROCESS),
    )


def _faster_whisper(options: EngineOptions) -> Transcriber:
    from workers.engines.whisper.loading import ModelSettings
    from workers.engines.whisper.transcriber import WhisperTranscriber

    settings = ModelSettings(
        options.whisper_model,
        options.models_dir,
        options.whisper_device,
        options.whisper_compute_type,
        options.whisper_cpu_threads,
    )
    return WhisperTranscriber(settings)


def _rules(options: EngineOptions) -> NoteExtractor:
    from workers.engines.rules import RulesExtractor

    return RulesExtractor()


def _openai_extractor(options: EngineOptions) -> NoteExtractor:
    from workers.engines.openai.extractor import NotesModel, OpenAIExtractor

    model = NotesModel(
        _needed(options.openai_notes_model, "SESSIONSCRIBE_OPENAI_NOTES_MODEL"),
        options.openai_notes_window_tokens,
        options.openai_notes_usd_per_million_input,
        options.openai_notes_usd_per_million_output,
    )
    return OpenAIExtractor(_openai_key(options), options.openai_base_url, model, limits=_limits(options))


TRANSCRIBERS: dict[str, Callable[[EngineOptions], Transcriber]] = {
    WHISPER: _faster_whisper,
    OPENAI: _openai_transcriber,
}
EXTRACTORS: dict[str, Callable[[EngineOptions], NoteExtractor]] = {
    RULES: _rules,
    OPENAI: _openai_extractor,
}


def _chosen(engines: dict[str, _Builder], name: str, setting: str) -> _Builder:
    if name not in engines:
        raise ValueError(f"{setting} is {name!r}, which is no engine here: use one of {', '.join(engines)}.")
    return engines[name]


def _needed(value: str | None, setting: str) -> str:
    if not value:
        raise ValueError(f"{setting} is not set, and the chosen engine needs it.")
    return value


def _openai_client(options: EngineOptions) -> "OpenAIClient":
    from workers.engines.openai.client import OpenAIClient

    return OpenAIClient(_openai_key(options), options.openai_base_url, _limits(options))


def _limits(options: EngineOptions) -> CallLimits:
    """Transcription and notes are counted together: they use the same account, or the same server."""
    if options.redis_url is None:
        return Unlimited()
    return SharedLimits(options.redis_url, OPENAI, _max_calls(options), options.openai_calls_per_minute)


def _max_calls(options: EngineOptions) -> int:
    """A server of one's own computes itself; OpenAI only counts what comes in a minute."""
    default = OWN_SERVERS_CALLS if options.openai_base_url else OPENAIS_CALLS
    return options.openai_max_calls or default


def _openai_key(options: EngineOptions) -> str:
    """The key; a server of one's own may do without."""
    if options.openai_base_url:
        return options.openai_api_key or ""
    return _needed(options.openai_api_key, "OPENAI_API_KEY (or OPENAI_BASE_URL, for a server of your own)")

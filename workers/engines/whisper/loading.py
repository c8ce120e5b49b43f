"""Loads a Whisper model from this machine; nothing is ever downloaded here."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.domain.errors import PermanentStepError
from shared.speech_models import folders


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Which model, and on what it runs: ``device`` is cpu, cuda or auto (a GPU if there is one).

    ``model`` is a name of the catalogue or a folder. ``compute_type`` None is int8 on a CPU and float16 on a
    GPU. ``cpu_threads`` above 1 makes concurrent workers fight for the cores.
    """

    model: str
    models_dir: Path | None = None
    device: str = "auto"
    compute_type: str | None = None
    cpu_threads: int = 1


def load(settings: ModelSettings) -> Any:
    """The model, ready to transcribe; raises PermanentStepError where it is absent or cannot be used."""
    folder = _folder(settings)
    # Read by the hub's client at import: with a folder given, nothing may be fetched.
    os.environ["HF_HUB_OFFLINE"] = "1"
    construct = _constructor()
    try:
        return construct(str(folder), **_options(settings))
    except (ValueError, RuntimeError, OSError, MemoryError):
        raise PermanentStepError(
            "The whisper model cannot be loaded: check SESSIONSCRIBE_WHISPER_MODEL, its files, "
            "SESSIONSCRIBE_WHISPER_DEVICE and the compute type.",
            "engine_model_unusable",
        ) from None


def _options(settings: ModelSettings) -> dict[str, Any]:
    """How the model is to be loaded on what this machine has."""
    from ctranslate2 import get_cuda_device_count

    device = settings.device
    if device == "auto":
        device = "cuda" if get_cuda_device_count() else "cpu"
    usual = "int8" if device == "cpu" else "float16"
    return {
        "device": device,
        "compute_type": settings.compute_type or usual,
        "cpu_threads": settings.cpu_threads,
    }


def _constructor() -> Callable[..., Any]:
    try:
        from workers.engines.whisper.decoding import Decoder  # 100 MB of libraries, absent on some platforms
    except ImportError:
        raise PermanentStepError(
            "There is no speech engine on this machine: faster-whisper is not installed. `make up` installs "
            "it where there are wheels for it; else set SESSIONSCRIBE_TRANSCRIBER to another engine.",
            "engine_not_installed",
        ) from None
    constructor: Callable[..., Any] = Decoder
    return constructor


def _folder(settings: ModelSettings) -> Path:
    name = settings.model
    found = folders.find(name, settings.models_dir)
    if found is None and not folders.is_folder(name):
        raise PermanentStepError(
            f"The speech model {name} is not on this machine: run `sessionscribe models fetch {name}`, or "
            "set SESSIONSCRIBE_WHISPER_MODEL to another name or a folder.",
            "engine_model_missing",
        )
    if lacking := folders.missing(found) if found else list(folders.NEEDED_FILES):
        raise PermanentStepError(
            f"The folder in SESSIONSCRIBE_WHISPER_MODEL has no {', '.join(lacking)}: set it to a folder with "
            "a whisper model converted for CTranslate2.",
            "engine_model_unusable",
        )
    assert found is not None  # noqa: S101 - else all its files would be lacking
    return found

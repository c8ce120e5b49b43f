"""Searching for a secret in whatever form it may lie somewhere."""

import base64
import zlib
from pathlib import Path
from urllib.parse import quote


def encodings(word: str) -> list[bytes]:
    """The word as it may lie in a file: raw, base64 at each alignment, hex, percent, compressed."""
    raw = word.encode()
    shifted = [base64.b64encode(b"x" * pad + raw)[4 if pad else 0 : -4] for pad in range(3)]
    return [raw, raw.hex().encode(), quote(word).encode(), zlib.compress(raw), *shifted]


def holders_of(word: str, folder: Path) -> list[str]:
    """The files below ``folder`` that hold the word in any encoding."""
    wanted = encodings(word)
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return [str(path.relative_to(folder)) for path in files if any(w in path.read_bytes() for w in wanted)]

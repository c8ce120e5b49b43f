"""Folders and files that only their owner can read: secrets, states, configurations."""

import os
import secrets
import tempfile
from pathlib import Path


def private_folder(path: Path, mode: int = 0o700) -> Path:
    """Make ``path`` (and its parents) if needed, give it ``mode``, and return it."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(mode)
    return path


def write_private(path: Path, text: str) -> None:
    """Put ``text`` into ``path`` (0600) at once: a reader sees the old content or the new one."""
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def remembered_secret(path: Path) -> str:
    """The secret kept in ``path``; the first call makes one of 256 random bits, safe in a URL."""
    if path.exists():
        return kept_secret(path)
    secret = secrets.token_urlsafe(32)
    write_private(path, secret + "\n")
    return secret


def kept_secret(path: Path) -> str:
    """The secret kept in ``path``; raises OSError where there is none."""
    return path.read_text(encoding="utf-8").strip()

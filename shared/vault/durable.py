"""Folders and files that survive a power cut: what is new is synced, and so is what names it."""

import os
import secrets
from contextlib import suppress
from pathlib import Path


def make_folders(folder: Path) -> None:
    """Create ``folder`` and what is missing above it, each 0700 and durably."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for new in reversed(missing):
        new.mkdir(mode=0o700, exist_ok=True)
        sync(new.parent)


def shred(path: Path) -> None:
    """Overwrite a file with random bytes, durably, and remove it; does nothing if there is none.

    Where the file system writes in place, the old bytes are gone. Copy-on-write file systems, journals of
    data, snapshots and SSDs may keep them: see docs/operations.md.
    """
    with suppress(FileNotFoundError):
        with path.open("r+b", buffering=0) as file:
            file.write(secrets.token_bytes(os.fstat(file.fileno()).st_size))
            os.fsync(file.fileno())
        path.unlink()


def sync(folder: Path) -> None:
    """Make the names in ``folder`` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

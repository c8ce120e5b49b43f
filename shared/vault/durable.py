"""Folders and files that survive a power cut: what is new is synced, and so is what names it."""

import os
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


def sync(folder: Path) -> None:
    """Make the names in ``folder`` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

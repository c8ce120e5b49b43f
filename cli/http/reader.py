"""A recording on its way from disk to the server."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from cli.sanitise import one_line


class CountedFile:
    """A file that tells how far it has been read; ends where it ended when it was opened."""

    def __init__(self, file: BinaryIO, on_bytes: Callable[[int], None]) -> None:
        self._file = file
        self._on_bytes = on_bytes
        self._left = self.size = os.fstat(file.fileno()).st_size

    def fileno(self) -> int:
        """For the length of the request."""
        return self._file.fileno()

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go back to the start for another attempt."""
        position = self._file.seek(offset, whence)
        self._left = self.size - position
        return position

    def tell(self) -> int:
        return self._file.tell()

    def read(self, count: int = -1) -> bytes:
        """The next bytes; the count of all so far is told."""
        data = self._file.read(self._left if count < 0 else min(count, self._left))
        self._left -= len(data)
        self._on_bytes(self.size - self._left)
        return data


def printable_name(path: Path) -> str:
    """The file's name in a form that servers and terminals accept, also if it is not valid UTF-8."""
    return one_line(os.fsencode(path.name).decode("utf-8", "replace")) or "recording"


def sha256_of(path: Path) -> str:
    """The hash of a file, in hex; raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

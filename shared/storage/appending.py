"""Unfinished objects in a folder; the newest request continues them."""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from shared.domain.errors import NotFound
from shared.domain.ports import Block
from shared.storage import disk
from shared.vault.durable import make_folders, sync


class Appender:
    """Writes at the end of an unfinished object."""

    def __init__(self, file: FileIO) -> None:
        self._file = file

    def write(self, data: Block) -> None:
        """Add to the end."""
        with disk.errors_as_ours(), memoryview(data) as view:
            written = 0
            while written < len(view):  # a file without a buffer may take less than it is given
                written += self._file.write(view[written:])

    def head(self, length: int) -> bytes:
        """The object's first bytes."""
        with disk.errors_as_ours():
            return os.pread(self._file.fileno(), length, 0)

    def sync(self) -> list[str]:
        """Make durable what was written: in the object itself, in no pieces."""
        with disk.errors_as_ours():
            os.fsync(self._file.fileno())
        return []

    def settled(self) -> None:
        """Nothing was replaced."""

    def complete(self, check: Callable[[], None]) -> None:
        """The object is there already; an overtaken request writes to a file without a name."""
        self.sync()

    def withdraw(self) -> None:
        """What was written is in a file without a name."""


@contextmanager
def opened(path: Path, at: int, *, fresh: bool, partial: str) -> Iterator[Appender]:
    """The object cut at ``at``, to be gone on with; raises NotFound if it is not as long as that.

    ``fresh``: in a file of its own, so that a writer to the old one changes nothing.
    ``partial`` begins the names of files that are swept if they stay.
    """
    with disk.errors_as_ours():
        file = _own_copy(path, at, partial) if fresh or not at else _reopened(path, at)
    try:
        yield Appender(file)
    finally:
        file.close()


def _reopened(path: Path, at: int) -> FileIO:
    try:
        file = FileIO(os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC), "w")
    except FileNotFoundError:
        raise _gone() from None
    if os.fstat(file.fileno()).st_size < at:
        file.close()
        raise _gone()
    file.truncate(at)
    file.seek(at)
    return file


def _own_copy(path: Path, at: int, partial: str) -> FileIO:
    make_folders(path.parent)
    new = path.with_name(f"{partial}{secrets.token_hex(8)}")
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    file = FileIO(os.open(new, flags, 0o600), "w")
    try:
        if at:
            _copy(path, file, at)
        os.fsync(file.fileno())
        new.rename(path)
        sync(path.parent)
    except BaseException:
        file.close()
        new.unlink(missing_ok=True)
        raise
    return file


def _copy(path: Path, file: FileIO, count: int) -> None:
    try:
        with path.open("rb", buffering=0) as old:
            copied = 0
            while copied < count:
                step = os.sendfile(file.fileno(), old.fileno(), copied, count - copied)
                if not step:
                    raise _gone()
                copied += step
    except FileNotFoundError:
        raise _gone() from None


def _gone() -> NotFound:
    return NotFound("What was uploaded so far is gone. Start the upload again.", "object_gone")

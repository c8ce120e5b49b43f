"""Folders and files that survive a power cut: what is new is synced, and so is what names it."""

import errno
import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from shared.domain import failpoints


def make_folders(folder: Path) -> None:
    """Create ``folder`` and what is missing above it, each 0700 and durably."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for new in reversed(missing):
        new.mkdir(mode=0o700, exist_ok=True)
        sync(new.parent)


def create_once(path: Path, content: bytes) -> None:
    """Write a new file so that it is either whole and durable or absent; keep an existing one."""
    if path.exists():
        return
    make_folders(path.parent)
    with _written(path, content) as partial, suppress(FileExistsError):
        os.link(partial, path)  # unlike a rename, a link never replaces a key that won the race
    sync(path.parent)


def replace(path: Path, content: bytes) -> None:
    """Put ``content`` into the place of a file: a reader finds the old content or the new one, whole.

    The new content is read back before it takes the place, and the old bytes are overwritten after it. A
    process that dies in between leaves files that ``leftovers`` finds. Raises OSError.
    """
    former = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with _written(path, content) as partial:
        if partial.read_bytes() != content:
            raise OSError(errno.EIO, "what was written reads otherwise", str(path))
        failpoints.reach("replacing", "written")
        os.link(path, former)
        failpoints.reach("replacing", "former_named")
        partial.rename(path)
        sync(path.parent)
        failpoints.reach("replacing", "replaced")
    shred(former)


def leftovers(path: Path) -> Iterator[Path]:
    """What writers of the file that died have left beside it."""
    if path.parent.exists():
        yield from path.parent.glob(f".{path.name}.*")


@contextmanager
def _written(path: Path, content: bytes) -> Iterator[Path]:
    """A new file beside ``path`` with this content, durable; removed at the end, if it still has its name."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield partial
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def locked(path: Path, *, alone: bool, wait: bool = True) -> Iterator[None]:
    """Hold the lock of this file, alone or with others who are not alone; a process that dies releases it.

    Raises BlockingIOError where it is held otherwise and ``wait`` is False.
    """
    access = os.O_RDWR if alone else os.O_RDONLY  # to read is enough for a backup, which holds it with others
    try:
        descriptor = os.open(path, access | os.O_CLOEXEC)
    except FileNotFoundError:
        descriptor = os.open(path, access | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        kind = fcntl.LOCK_EX if alone else fcntl.LOCK_SH
        fcntl.flock(descriptor, kind if wait else kind | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


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

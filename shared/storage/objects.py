"""Object stores: named byte strings that are either whole and durable or absent."""

import os
import secrets
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from typing import Protocol

from shared.domain.errors import NotFound
from shared.domain.ports import Block, ByteSource
from shared.storage import appending, disk
from shared.vault.durable import make_folders, sync

PARTIAL = ".partial-"  # what names begin with that are no whole objects
PIECE = ".piece-"  # within the names of pieces of an object that arrives, where a store has such


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as a listing tells of it: ``size`` in bytes, as stored; the times are the store's own."""

    name: str
    size: int
    modified_at: datetime


class Appending(Protocol):
    """The end of an unfinished object."""

    def write(self, data: Block) -> None:
        """Add to it."""

    def head(self, length: int) -> bytes:
        """The object's first bytes."""

    def sync(self) -> list[str]:
        """Make durable what was written; gives the pieces that hold it, for whoever goes on."""

    def settled(self) -> None:
        """What the last ``sync`` gave is noted for whoever goes on; what it replaced may go."""

    def complete(self, check: Callable[[], None]) -> None:
        """Make the whole object durable under its name.

        ``check`` is called right before and raises if another writer has taken over.
        """

    def withdraw(self) -> None:
        """Another writer has taken over: remove what was written since ``settled``."""


class ObjectStore(Protocol):
    """What recordings need from a store; names are made by us and hold only ``[a-z0-9-/.]``."""

    def create(self, name: str) -> AbstractContextManager[Callable[[Block], object]]:
        """A writer of a new object, durable once the block ends; an error in it leaves nothing."""

    def append(
        self, name: str, at: int, *, fresh: bool, pieces: Sequence[str]
    ) -> AbstractContextManager[Appending]:
        """Go on with an unfinished object after its first ``at`` bytes; what lies beyond is dropped.

        With ``at`` 0 it is begun. ``fresh``: another writer may still be there, who must then change
        nothing. ``pieces`` are what the last ``sync`` that counts has given. Raises NotFound if there
        is less, and Unavailable.
        """

    def discard_pieces(self, name: str) -> None:
        """Remove the pieces that an object was made of, or was to be made of; raises Unavailable."""

    def open(self, name: str) -> AbstractContextManager[ByteSource]:
        """The object's bytes at random; raises NotFound, or Unavailable where nothing can be known."""

    def delete(self, name: str) -> None:
        """Remove the object; does nothing if there is none."""

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """The whole objects whose names begin with ``prefix``, in any order; raises Unavailable.

        What is written or removed meanwhile may be told or not.
        """

    def sweep_partials(self, older_than_seconds: float) -> int:
        """Remove what writers that died left behind; gives how many were removed."""

    def check(self) -> None:
        """Raise Unavailable unless an object could be written now."""

    def free_bytes(self) -> int:
        """How much room there is for new objects; raises Unavailable."""


class LocalStore:
    """Objects as files below one folder, for one machine or a shared file system."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def create(self, name: str) -> Iterator[Callable[[Block], object]]:
        """See ObjectStore; raises Unavailable (``disk_full``, ``storage_unavailable``)."""
        target = self._path(name)
        partial = target.with_name(f"{PARTIAL}{secrets.token_hex(8)}")
        with disk.errors_as_ours():
            make_folders(target.parent)
            file = _open_new(partial)
        try:
            yield appending.Appender(file).write
            with disk.errors_as_ours():
                os.fsync(file.fileno())
                partial.rename(target)
                sync(target.parent)
        finally:
            file.close()
            with suppress(OSError):
                partial.unlink(missing_ok=True)

    @contextmanager
    def append(self, name: str, at: int, *, fresh: bool, pieces: Sequence[str]) -> Iterator[Appending]:
        """See ObjectStore."""
        with appending.opened(self._path(name), at, fresh=fresh, partial=PARTIAL) as end:
            yield end

    def discard_pieces(self, name: str) -> None:
        """There are none: objects grow in place."""

    @contextmanager
    def open(self, name: str) -> Iterator[ByteSource]:
        """See ObjectStore."""
        try:
            descriptor = os.open(self._path(name), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError as error:
            # A practice's folder stays once it is made. Without it this is not the disk that holds
            # the object: it is not mounted, and to call its recordings gone would end their work.
            if not self._path(name.partition("/")[0]).exists():
                raise disk.as_unavailable(error) from error
            raise NotFound("The stored object is gone.", "object_gone") from None
        except OSError as error:
            raise disk.as_unavailable(error) from error
        try:
            yield _File(descriptor)
        finally:
            os.close(descriptor)

    def delete(self, name: str) -> None:
        """See ObjectStore."""
        path = self._path(name)
        with disk.errors_as_ours():
            path.unlink(missing_ok=True)
            if path.parent.exists():
                sync(path.parent)
        with suppress(OSError):  # not empty yet: other objects of the session are still there
            path.parent.rmdir()

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """See ObjectStore."""
        with disk.errors_as_ours():
            for folder, _, names in os.walk(self._folder, onerror=_raise_unless_gone):
                for name in names:
                    found = _stored(self._folder, Path(folder, name))
                    if found and found.name.startswith(prefix):
                        yield found

    def sweep_partials(self, older_than_seconds: float) -> int:
        """See ObjectStore."""
        horizon = time.time() - older_than_seconds
        removed = 0
        with disk.errors_as_ours():
            # os.walk passes over folders that vanish while it goes; Path.rglob raises.
            for folder, _, names in os.walk(self._folder):
                for name in names:
                    if name.startswith(PARTIAL):
                        removed += _remove_if_older(Path(folder, name), horizon)
        return removed

    def check(self) -> None:
        """See ObjectStore."""
        with disk.errors_as_ours():
            make_folders(self._folder)
            probe = self._folder / f"{PARTIAL}{secrets.token_hex(8)}"
            _open_new(probe).close()
            probe.unlink()

    def free_bytes(self) -> int:
        """See ObjectStore."""
        folder = self._folder
        while not folder.exists() and folder != folder.parent:  # it is made by the first upload
            folder = folder.parent
        with disk.errors_as_ours():
            facts = os.statvfs(folder)
        return facts.f_bavail * facts.f_frsize

    def _path(self, name: str) -> Path:
        return self._folder / name


class _File:
    """A ``ByteSource`` over an open descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.size = os.fstat(descriptor).st_size

    def read_at(self, offset: int, length: int) -> bytes:
        with disk.errors_as_ours():
            return os.pread(self._descriptor, length, offset)


def _stored(root: Path, path: Path) -> StoredObject | None:
    """The file as an object; None for what is no whole object, or has just gone."""
    if path.name.startswith(PARTIAL):
        return None
    with suppress(FileNotFoundError):
        facts = path.lstat()
        if stat.S_ISREG(facts.st_mode):
            changed = datetime.fromtimestamp(facts.st_mtime, UTC)
            return StoredObject(path.relative_to(root).as_posix(), facts.st_size, changed)
    return None


def _raise_unless_gone(error: OSError) -> None:
    """A folder that vanished holds nothing; one that cannot be read must not look empty."""
    if not isinstance(error, FileNotFoundError):
        raise error


def _remove_if_older(path: Path, horizon: float) -> int:
    with suppress(FileNotFoundError):
        if path.stat().st_mtime < horizon:
            path.unlink()
            return 1
    return 0


def _open_new(path: Path) -> FileIO:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return FileIO(os.open(path, flags, 0o600), "w")  # what is written comes in large blocks

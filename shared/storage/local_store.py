"""Objects as files below one folder."""

import os
import secrets
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path

from shared.domain.errors import NotFound, Unavailable
from shared.domain.ports import Block, ByteSource
from shared.storage import appending, disk
from shared.storage.objects import PARTIAL, PIECE, Appending, StoredObject
from shared.vault.durable import make_folders, sync

# The file that set-up leaves in the recordings' folder. Without it this is another folder, mostly the
# empty one below a disk that is not mounted.
MARKER = ".sessionscribe"
_MARKER_TEXT = "sessionscribe keeps its recordings in this folder. Without this file it uses none of it.\n"


class LocalStore:
    """Objects as files below one folder, for one machine or a shared file system."""

    def __init__(self, folder: Path, *, marked: bool = False) -> None:
        """``marked``: refuse to use the folder, also to read it, while its marker is not there."""
        self._folder = folder
        self._marked = marked

    def set_up(self) -> None:
        """Make the folder, where it is missing, and its marker."""
        marker = self._path(MARKER)
        with disk.errors_as_ours():
            make_folders(self._folder)
            with suppress(FileExistsError), _open_new(marker) as file:
                file.write(_MARKER_TEXT.encode())
                os.fsync(file.fileno())
            sync(self._folder)

    @property
    def is_set_up(self) -> bool:
        """Whether the marker is there; raises Unavailable if the folder cannot be looked into."""
        with disk.errors_as_ours():
            return self._path(MARKER).is_file()

    def holds(self, name: str) -> bool:
        """Whether the object is there, also in a folder without a marker; raises Unavailable."""
        with disk.errors_as_ours():
            return self._path(name).is_file()

    @contextmanager
    def create(self, name: str) -> Iterator[Callable[[Block], object]]:
        """See ObjectStore; raises Unavailable (``disk_full``, ``storage_unavailable``)."""
        self._require_marker()
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
        self._require_marker()
        with appending.opened(self._path(name), at, fresh=fresh, partial=PARTIAL) as end:
            yield end

    def discard_pieces(self, name: str) -> None:
        """See ObjectStore. Objects grow in place: a piece is only what is to take the place of one."""
        path = self._path(name)
        with disk.errors_as_ours():
            for piece in path.parent.glob(f"{path.name}{PIECE}*"):
                piece.unlink(missing_ok=True)

    @contextmanager
    def open(self, name: str) -> Iterator[ByteSource]:
        """See ObjectStore."""
        try:
            descriptor = os.open(self._path(name), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError as error:
            self._require_marker()
            # Where no marker tells, the practice's folder does, which stays once it is made: without it this
            # is not the disk that holds the object, and to call its recordings gone would end their work.
            if not self._marked and not self._path(name.partition("/")[0]).exists():
                raise disk.as_unavailable(error) from error
            raise NotFound("The stored object is gone.", "object_gone") from None
        except OSError as error:
            raise disk.as_unavailable(error) from error
        try:
            yield _File(descriptor)
        finally:
            os.close(descriptor)

    def move(self, name: str, to: str) -> None:
        """See ObjectStore."""
        self._require_marker()
        path = self._path(to)
        with disk.errors_as_ours():
            try:
                self._path(name).rename(path)
            except FileNotFoundError:
                raise NotFound("The stored object is gone.", "object_gone") from None
            sync(path.parent)

    def delete(self, name: str) -> None:
        """See ObjectStore."""
        self._require_marker()  # what lies on a disk that is not mounted is not deleted
        path = self._path(name)
        with disk.errors_as_ours():
            path.unlink(missing_ok=True)
            if path.parent.exists():
                sync(path.parent)
        with suppress(OSError):  # not empty yet: other objects of the session are still there
            path.parent.rmdir()

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """See ObjectStore."""
        self._require_marker()
        with disk.errors_as_ours():
            for folder, _, names in os.walk(self._folder, onerror=_raise_unless_gone):
                for name in names:
                    found = _stored(self._folder, Path(folder, name))
                    if found and found.name.startswith(prefix):
                        yield found

    def sweep_partials(self, older_than_seconds: float) -> int:
        """See ObjectStore."""
        self._require_marker()
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
        self._require_marker()
        with disk.errors_as_ours():
            _try_to_write(self._folder)

    def free_bytes(self) -> int:
        """See ObjectStore."""
        self._require_marker()
        with disk.errors_as_ours():
            facts = os.statvfs(self._folder)
        return facts.f_bavail * facts.f_frsize

    def _require_marker(self) -> None:
        if self._marked and not self.is_set_up:
            raise Unavailable(
                "The storage is not available for now; nothing was left half-done. Try again.",
                "storage_unavailable",
            )

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
    if path.name.startswith(PARTIAL) or path == root / MARKER:
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


def _try_to_write(folder: Path) -> None:
    """Raise OSError unless a file could be made in ``folder``; none is there afterwards."""
    unnamed = getattr(os, "O_TMPFILE", 0)  # Linux alone has it
    with suppress(OSError):
        if unnamed:
            os.close(os.open(folder, unnamed | os.O_WRONLY | os.O_CLOEXEC, 0o600))
            return
    # Not every file system makes files without a name, and only the real thing says why it cannot.
    probe = folder / f"{PARTIAL}{secrets.token_hex(8)}"
    _open_new(probe).close()
    probe.unlink()


def _open_new(path: Path) -> FileIO:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return FileIO(os.open(path, flags, 0o600), "w")  # what is written comes in large blocks

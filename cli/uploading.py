"""Streams a recording from disk to the server."""

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast
from uuid import uuid4

from cli.client import Api, CallFailed, JsonObject
from cli.exits import CommandError, Exit
from cli.patience import Patience
from cli.plain import one_line


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


def upload_recording(
    api: Api,
    path: Path,
    fields: Mapping[str, str],
    patience: Patience,
    on_bytes: Callable[[int], None],
    was_saved: Callable[[], JsonObject | None] | None = None,
) -> JsonObject:
    """Send ``path``; gives the session. ``on_bytes`` is told how many bytes have been sent.

    Sent again only if the server never had it or says that nothing was saved. Where the answer
    was lost, ``was_saved`` is asked first for the session that came of it; without it that is
    an error. Raises CommandError.
    """
    name, key = printable_name(path), str(uuid4())
    try:
        with path.open("rb") as raw:
            file = CountedFile(raw, on_bytes)
            return patience(_Sending(api, file, name, fields, key, was_saved))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise CommandError(f"{name} cannot be read: {reason}.", Exit.REFUSED) from error


def printable_name(path: Path) -> str:
    """The file's name as a server and a terminal can take it, whatever bytes it is made of."""
    return one_line(os.fsencode(path.name).decode("utf-8", "replace")) or "recording"


def sha256_of(path: Path) -> str:
    """The hash of a file, in hex; raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass
class _Sending:
    """One upload, tried as often as it is called."""

    api: Api
    file: CountedFile
    name: str
    fields: Mapping[str, str]
    key: str
    was_saved: Callable[[], JsonObject | None] | None
    in_doubt: bool = False

    def __call__(self) -> JsonObject:
        if self.in_doubt and self.was_saved and (saved := self.was_saved()):
            return saved
        self.in_doubt = False
        try:
            return self.api.upload(cast(BinaryIO, self.file), self.name, self.fields, self.key)
        except CallFailed as failure:
            self.in_doubt = failure.transient
            if failure.transient and not failure.nothing_saved and self.was_saved is None:
                raise CommandError(
                    f"{failure.message}\nWhether the recording was saved is not known: see "
                    "`sessionscribe list` before sending it again.",
                    Exit.UNAVAILABLE,
                ) from failure
            raise

"""The root key: a file of its own, and beside it the next version while it is being rotated.

``root.key`` holds 32 bytes, which are version 1, or ``SSR2``, the version (four bytes) and 32 bytes, or a key
that is protected by a secret (``unlocking``).
"""

import struct
from contextlib import suppress
from pathlib import Path

from shared.vault.keyring import FIRST, KEY_BYTES, Key, KeyStoreError
from shared.vault.unlocking import MAGIC, RootKeyLocked, Unlocker

ROOT, NEXT, FORMER = "root.key", "root.next.key", "root.former.key"
_VERSIONED = struct.Struct(">4sI32s")
_VERSIONED_MAGIC = b"SSR2"


class RootKeys:
    """The versions of the root key in a folder, read again when an unknown one is asked for."""

    def __init__(self, folder: Path, unlocker: Unlocker) -> None:
        self._folder = folder
        self._unlocker = unlocker
        self._known: dict[int, Key] = {}
        self.current = self._read()

    def find(self, version: int, *, again: bool = False) -> Key | None:
        """The root key of this version; ``again``: from the disk also if it is known."""
        if again or version not in self._known:
            self.newest()
        return self._known.get(version)

    def newest(self) -> Key:
        """The version that wraps what is new, from the disk: of a rotation the next one."""
        # In the order in which a rotation renames them: none is missed.
        try:
            self._keep(read(self._folder / NEXT, self._unlocker))
        except RootKeyLocked:  # what is new must not be wrapped under a version that is about to go
            raise
        except KeyStoreError:
            pass
        self.current = self._read()
        with suppress(KeyStoreError):
            self._keep(read(self._folder / FORMER, self._unlocker))
        return max(self._known.values(), key=lambda key: key.version)

    def _read(self) -> Key:
        return self._keep(read(self._folder / ROOT, self._unlocker))

    def _keep(self, key: Key) -> Key:
        if self._known.setdefault(key.version, key) != key:
            raise KeyStoreError("root.key is not the one that this process started with: restore that one")
        return key


def read(path: Path, unlocker: Unlocker) -> Key:
    """The key in a root key's file; raises KeyStoreError."""
    content = read_secret(path)
    if content.startswith(MAGIC) and len(content) > KEY_BYTES:
        return unlocker.open(content)
    if len(content) == KEY_BYTES:
        return Key(FIRST, content)
    if len(content) == _VERSIONED.size and content.startswith(_VERSIONED_MAGIC):
        _, version, secret = _VERSIONED.unpack(content)
        return Key(version, secret)
    raise KeyStoreError(f"{path.name} is damaged: restore the key store from its backup")


def is_protected(folder: Path) -> bool:
    """Whether the root key of this folder opens only with a secret; raises KeyStoreError."""
    content = read_secret(folder / ROOT)
    return content.startswith(MAGIC) and len(content) > KEY_BYTES


def pack(key: Key, unlocker: Unlocker) -> bytes:
    """What a root key's file holds: protected, if there is a command for it. Raises KeyStoreError."""
    if unlocker.is_set:
        return unlocker.lock(key)
    return key.secret if key.version == FIRST else _VERSIONED.pack(_VERSIONED_MAGIC, key.version, key.secret)


def read_secret(path: Path) -> bytes:
    """A file that others must not be able to read; raises KeyStoreError."""
    try:
        if path.stat().st_mode & 0o077:
            raise KeyStoreError(f"{path.name} is readable by others: chmod 600 it")
        return path.read_bytes()
    except OSError as error:
        raise KeyStoreError(
            f"the key store has no readable {path.name}: restore it; for a new one, run `sessionscribe setup`"
        ) from error

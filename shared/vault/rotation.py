"""Rotation of the keys that wrap other keys: the root key and practices' keys. No sealed data is touched.

Each rotation makes a new version, wraps what is below under it, reads every result back from the disk, and
only then destroys the old version. It may be killed anywhere and is run again: what is done is kept, and
until its end both versions open what they wrapped. Processes that run meanwhile make new keys under the new
version (``KeyStore.create``) and read versions that they do not know from the disk.

The root key, step by step:

1. ``root.next.key`` is written. From here on new practices' keys are under it.
2. The pepper, the list of check values and each practice's key are wrapped under it.
3. All of them are read and opened.
4. ``root.key`` gets the second name ``root.former.key``, and the new one takes its place in one move.
5. The key store is opened anew from the disk, all is opened again, and the former one is destroyed.
"""

import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from shared.domain import failpoints
from shared.vault import durable, identity, keyring, root_key
from shared.vault.identity import ORIGINS, ORIGINS_AAD, PEPPER, PEPPER_AAD
from shared.vault.keyring import KEY_BYTES, Key, KeyDamaged, KeyRing, KeyStoreError
from shared.vault.keystore import KeyStore, errors_as_ours, practice_aad, subject_aad
from shared.vault.root_key import FORMER, NEXT, ROOT

LOCK = ".rotation.lock"
_BUSY = "another rotation or a backup is running: wait until it has ended, then run this again"
_DAMAGED = (
    "{name} opens under no version of the key above it: restore it from a backup of the keys, or remove it "
    "if what it belonged to is gone. Then run this again; nothing was destroyed"
)

FindKey = Callable[[int], Key | None]


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation has made: the new version, and how many keys are under it now."""

    version: int
    count: int


def rotate_root(keys: KeyStore, check: bytes) -> Rotated:
    """Rotate the root key, or end a rotation of it that was interrupted.

    ``check`` is the database's check value. Raises KeyStoreError and Unavailable.
    """
    keys.require_made(check)
    with alone(keys.folder):
        if (keys.folder / NEXT).exists() or not (keys.folder / FORMER).exists():
            new = _next_root(keys)
            _wrap_all(keys, new, check)
            _require_all_under(keys, new)
            _take_its_place(keys.folder)
        return _destroy_former(keys, check)


def rotate_practice(keys: KeyStore, practice_id: UUID) -> Rotated:
    """Rotate a practice's key, or end a rotation of it that was interrupted.

    Raises KeyStoreError and Unavailable.
    """
    with alone(keys.folder):
        ring = keys.practice_ring(practice_id)
        if len(ring.keys) == 1:
            ring = _put_ring(keys, practice_id, ring.with_next())
            failpoints.reach("rotating", "version_added")
        for path in keys.subject_files():
            _rewrap(keys, path, subject_aad(practice_id, UUID(path.stem)), ring.current, ring.find)
            failpoints.reach("rotating", "subject_wrapped")
        count = _count_under(keys, practice_id, keys.practice_ring(practice_id))
        failpoints.reach("rotating", "subjects_verified")
        _put_ring(keys, practice_id, ring.with_current_alone())
        failpoints.reach("rotating", "version_removed")
        _sweep((keys.practice_path(practice_id), *keys.subject_files()))
        return Rotated(ring.current.version, count)


def add_pepper(keys: KeyStore, check: bytes) -> Key:
    """Add a version of the pepper, unless one was added and the former not yet removed; gives the current.

    Raises KeyStoreError and Unavailable.
    """
    keys.require_made(check)
    with alone(keys.folder):
        peppers = identity.peppers(keys.folder, keys.roots)
        if len(peppers.keys) == 1:
            _put_identity(keys, keys.roots.newest(), peppers.with_next(), check)
        return keys.peppers.current


def remove_former_pepper(keys: KeyStore) -> None:
    """Remove the former version of the pepper: what was digested with it is known no more."""
    with alone(keys.folder):
        peppers = identity.peppers(keys.folder, keys.roots).with_current_alone()
        path = keys.folder / PEPPER
        durable.replace(path, keyring.wrap(keys.roots.newest(), peppers.pack(), PEPPER_AAD))
        failpoints.reach("rotating", "former_pepper_removed")
        _sweep([path])


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep other rotations and backups away; raises KeyStoreError where one runs."""
    with errors_as_ours():
        try:
            with durable.locked(folder / LOCK, alone=True, wait=False):
                yield
        except BlockingIOError:
            raise KeyStoreError(_BUSY) from None


@contextmanager
def kept_off(folder: Path) -> Iterator[None]:
    """Keep rotations away from a backup, which copies keys one by one; waits for one that runs."""
    if not (folder / LOCK).exists() and not os.access(folder, os.W_OK):
        yield  # a backup that may only read: there was no rotation yet
        return
    with errors_as_ours(), durable.locked(folder / LOCK, alone=False):
        yield


def _next_root(keys: KeyStore) -> Key:
    path = keys.folder / NEXT
    if not path.exists():
        following = Key(keys.roots.current.version + 1, secrets.token_bytes(KEY_BYTES))
        # Alone: a practice's key that is made at this moment is there before, and is wrapped anew.
        with keys.locked(alone=True):
            durable.create_once(path, root_key.pack(following, keys.unlocker))
    failpoints.reach("rotating", "next_root_written")
    return keys.roots.newest()


def _wrap_all(keys: KeyStore, new: Key, check: bytes) -> None:
    _put_identity(keys, new, identity.peppers(keys.folder, keys.roots), check)
    for path, aad in _practices(keys):
        if not _rewrap(keys, path, aad, new, keys.roots.find):
            raise KeyStoreError(_DAMAGED.format(name=f"practices/{path.name}"))
        failpoints.reach("rotating", "practice_wrapped")


def _put_identity(keys: KeyStore, root: Key, peppers: KeyRing, check: bytes) -> None:
    """The pepper comes first: where there is a list of check values, the pepper is wrapped."""
    durable.replace(keys.folder / PEPPER, keyring.wrap(root, peppers.pack(), PEPPER_AAD))
    failpoints.reach("rotating", "pepper_wrapped")
    known = {*identity.origins(keys.folder, keys.roots), sha256(check).digest()}
    path, content = keys.folder / ORIGINS, keyring.wrap(root, b"".join(sorted(known)), ORIGINS_AAD)
    durable.replace(path, content) if path.exists() else durable.create_once(path, content)
    failpoints.reach("rotating", "origins_wrapped")


def _require_all_under(keys: KeyStore, new: Key) -> int:
    """Read all that the root key wraps from the disk; raises KeyStoreError. Gives the number of practices."""
    count = 0
    own = ((keys.folder / PEPPER, PEPPER_AAD), (keys.folder / ORIGINS, ORIGINS_AAD))
    for path, aad in (*own, *_practices(keys)):
        if not _opens_under(new, path, aad):
            raise KeyStoreError(_DAMAGED.format(name=path.name))
        count += 1
    failpoints.reach("rotating", "root_verified")
    return count - len(own)


def _take_its_place(folder: Path) -> None:
    with suppress(FileExistsError):  # an interrupted rotation has done so
        (folder / FORMER).hardlink_to(folder / ROOT)
    failpoints.reach("rotating", "former_root_named")
    (folder / NEXT).rename(folder / ROOT)
    durable.sync(folder)
    failpoints.reach("rotating", "root_replaced")


def _destroy_former(keys: KeyStore, check: bytes) -> Rotated:
    folder, fresh = keys.folder, KeyStore(keys.folder, keys.unlocker.command)
    fresh.require_made(check)
    for path, aad in _practices(fresh):
        _rewrap(fresh, path, aad, fresh.roots.current, fresh.roots.find)
    count = _require_all_under(fresh, fresh.roots.current)
    durable.shred(folder / FORMER)
    durable.sync(folder)
    failpoints.reach("rotating", "former_root_destroyed")
    _sweep([folder / PEPPER, folder / ORIGINS, folder / NEXT, *(path for path, _ in _practices(fresh))])
    return Rotated(fresh.roots.current.version, count)


def _practices(keys: KeyStore) -> Iterator[tuple[Path, bytes]]:
    for practice_id in keys.practices():
        yield keys.practice_path(practice_id), practice_aad(practice_id)


def _put_ring(keys: KeyStore, practice_id: UUID, ring: KeyRing) -> KeyRing:
    """Replace a practice's ring. Alone: a key that is made at this moment is made before or after."""
    wrapped = keyring.wrap(keys.roots.newest(), ring.pack(), practice_aad(practice_id))
    with keys.locked(alone=True):
        durable.replace(keys.practice_path(practice_id), wrapped)
    return keys.practice_ring(practice_id)


def _rewrap(keys: KeyStore, path: Path, aad: bytes, new: Key, find: FindKey) -> bool:
    """Wrap a key under ``new``, if it is not; True where it is or is gone, False where no version opens it.

    Alone: a key that is destroyed at this moment must not come back.
    """
    with keys.locked(alone=True), suppress(FileNotFoundError):
        wrapped = path.read_bytes()
        try:
            old = find(keyring.wrapped_under(wrapped))
            content = None if old is None else keyring.unwrap(old, wrapped, aad)
        except KeyDamaged:
            content = None
        if old is None or content is None:
            return False
        if old != new:
            durable.replace(path, keyring.wrap(new, content, aad))
    return True


def _opens_under(new: Key, path: Path, aad: bytes) -> bool:
    try:
        wrapped = path.read_bytes()
        return keyring.wrapped_under(wrapped) == new.version and bool(keyring.unwrap(new, wrapped, aad))
    except KeyDamaged:
        return False


def _count_under(keys: KeyStore, practice_id: UUID, ring: KeyRing) -> int:
    """Read all keys of the practice's subjects from the disk; raises KeyStoreError for one that was left."""
    count = 0
    for path in keys.subject_files():
        with suppress(FileNotFoundError):
            aad = subject_aad(practice_id, UUID(path.stem))
            count += _opens_under(ring.current, path, aad)
            if any(_opens_under(old, path, aad) for old in ring.keys[:-1]):
                raise KeyStoreError(f"{path.name} is still under the former key: run this again")
    return count


def _sweep(paths: Iterable[Path]) -> None:
    """Destroy what an interrupted rotation left beside these files."""
    for path in paths:
        for left in durable.leftovers(path):
            durable.shred(left)

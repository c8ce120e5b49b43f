"""The key store: a folder of wrapped keys, kept apart from the database it protects.

``root.key`` wraps one key per practice, which wraps one key per subject (a session or a
patient). Destroying a subject's file makes everything sealed for it unreadable, also in
backups and in the database's write-ahead log, because its key was never in either.
"""

import hmac
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.domain.errors import Unavailable
from shared.vault.durable import make_folders, shred, sync

KEY_BYTES = 32
_NONCE_BYTES = 12
_MAGIC = b"SSK1"
_WRAPPED = ("practices", "subjects")
_CHECK_AAD = b"check"
_FOREIGN = "{name} is not the one that this database was made with: restore the key store that belongs to it"


class KeyStoreError(RuntimeError):
    """The key store is missing, unreadable or damaged; the message says what to do."""


class KeyDestroyed(KeyStoreError):
    """The subject's key does not exist (any more): what it sealed cannot be read."""


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A subject's key as a listing tells of it; the time is the file system's."""

    subject_id: UUID
    modified_at: datetime


class KeyStore:
    """Keys below ``folder``; safe to use from many threads and processes at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._root = _read_secret(folder / "root.key")
        self.pepper = _read_secret(folder / "pepper.key")
        self._practice_key = lru_cache(maxsize=1024)(self._read_practice_key)
        self._refuse_foreign_root()

    @classmethod
    def initialise(cls, folder: Path) -> "KeyStore":
        """Create what is missing below ``folder`` (0700), and open it.

        Raises KeyStoreError where wrapped keys lie without the root key that opens them.
        """
        with _errors_as_ours():
            make_folders(folder)
            folder.chmod(0o700)
            if not (folder / "root.key").exists() and any((folder / name).exists() for name in _WRAPPED):
                raise KeyStoreError("root.key is missing and a new one would open nothing: restore it")
        for name in ("root.key", "pepper.key"):
            _create_once(folder / name, secrets.token_bytes(KEY_BYTES))
        return cls(folder)

    def create(self, practice_id: UUID, subject_id: UUID) -> None:
        """Make the key of a new subject, durably; does nothing if it exists."""
        wrapping = self._practice_key_or_new(practice_id)
        path = self._subject_path(subject_id)
        aad = _subject_aad(practice_id, subject_id)
        _create_once(path, _wrap(wrapping, secrets.token_bytes(KEY_BYTES), aad))

    def key(self, practice_id: UUID, subject_id: UUID) -> bytes:
        """The subject's 32-byte key; raises KeyDestroyed where there is none."""
        wrapped = _read_wrapped(self._subject_path(subject_id))
        return _unwrap(self._practice_key(practice_id), wrapped, _subject_aad(practice_id, subject_id))

    def destroy(self, subject_id: UUID) -> None:
        """Make everything sealed for the subject unreadable; does nothing if already done."""
        path = self._subject_path(subject_id)
        with _errors_as_ours():
            shred(path)
            if path.parent.exists():
                sync(path.parent)

    def seal_check(self) -> bytes:
        """A value for the database by which ``require_made`` knows this key store again."""
        return _wrap(self._root, _pepper_mark(self.pepper), _CHECK_AAD)

    def require_made(self, check: bytes) -> None:
        """Raise KeyStoreError unless these keys, in memory and on disk, are those that made ``check``."""
        stored = _read_secret(self._folder / "root.key"), _read_secret(self._folder / "pepper.key")
        for root, pepper in {(self._root, self.pepper), stored}:
            try:
                mark = _unwrap(root, check, _CHECK_AAD)
            except KeyStoreError:
                raise KeyStoreError(_FOREIGN.format(name="root.key")) from None
            if mark != _pepper_mark(pepper):
                raise KeyStoreError(_FOREIGN.format(name="pepper.key"))

    def chain_key(self, *, make: bool = False) -> bytes:
        """The secret of the audit trail's chains; ``make``: it is made where there is none."""
        if make:
            _create_once(self._folder / "audit.key", secrets.token_bytes(KEY_BYTES))
        return _read_secret(self._folder / "audit.key")

    def has_practice(self, practice_id: UUID) -> bool:
        """Whether the practice's key lies here."""
        with _errors_as_ours():
            return self._practice_path(practice_id).exists()

    def list(self) -> Iterator[StoredKey]:
        """The keys of all subjects, in any order; raises Unavailable."""
        with _errors_as_ours():
            for path in sorted((self._folder / "subjects").glob("??/*.key")):
                with suppress(FileNotFoundError, ValueError):
                    changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
                    yield StoredKey(UUID(path.stem), changed)

    def _refuse_foreign_root(self) -> None:
        """Raise KeyStoreError where practices' keys lie here and the root key opens none of them.

        One damaged file is no reason to refuse all the others.
        """
        with _errors_as_ours():
            found = [UUID(path.stem) for path in (self._folder / "practices").glob("[!.]*.key")]
        if found and not any(self._opens(practice_id) for practice_id in found):
            raise KeyStoreError("root.key opens none of the practices' keys: restore the one that made them")

    def _opens(self, practice_id: UUID) -> bool:
        try:
            self._read_practice_key(practice_id)
        except KeyStoreError:
            return False
        return True

    def _practice_key_or_new(self, practice_id: UUID) -> bytes:
        wrapped = _wrap(self._root, secrets.token_bytes(KEY_BYTES), _practice_aad(practice_id))
        _create_once(self._practice_path(practice_id), wrapped)
        return self._practice_key(practice_id)

    def _read_practice_key(self, practice_id: UUID) -> bytes:
        wrapped = _read_wrapped(self._practice_path(practice_id))
        return _unwrap(self._root, wrapped, _practice_aad(practice_id))

    def _practice_path(self, practice_id: UUID) -> Path:
        return self._folder / "practices" / f"{practice_id}.key"

    def _subject_path(self, subject_id: UUID) -> Path:
        return self._folder / "subjects" / subject_id.hex[:2] / f"{subject_id}.key"


def _pepper_mark(pepper: bytes) -> bytes:
    return hmac.digest(pepper, b"sessionscribe key store check v1", "sha256")


def _practice_aad(practice_id: UUID) -> bytes:
    return b"practice:" + practice_id.bytes


def _subject_aad(practice_id: UUID, subject_id: UUID) -> bytes:
    return b"subject:" + practice_id.bytes + subject_id.bytes


def _wrap(wrapping: bytes, key: bytes, aad: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _MAGIC + nonce + AESGCM(wrapping).encrypt(nonce, key, aad)


def _unwrap(wrapping: bytes, wrapped: bytes, aad: bytes) -> bytes:
    body = wrapped.removeprefix(_MAGIC)
    try:
        return AESGCM(wrapping).decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], aad)
    except (InvalidTag, ValueError) as error:
        raise KeyStoreError("a key file is damaged or belongs elsewhere: restore the key store") from error


def _read_wrapped(path: Path) -> bytes:
    with _errors_as_ours():
        try:
            return path.read_bytes()
        except FileNotFoundError:
            raise KeyDestroyed("the key of this record has been destroyed") from None


def _read_secret(path: Path) -> bytes:
    try:
        if path.stat().st_mode & 0o077:
            raise KeyStoreError(f"{path.name} is readable by others: chmod 600 it")
        secret = path.read_bytes()
    except OSError as error:
        raise KeyStoreError(
            f"the key store has no readable {path.name}: restore it; for a new one, run `sessionscribe setup`"
        ) from error
    if len(secret) != KEY_BYTES:
        raise KeyStoreError(f"{path.name} is damaged: restore the key store from its backup")
    return secret


def _create_once(path: Path, content: bytes) -> None:
    """Write a new file so that it is either whole and durable or absent; keep an existing one."""
    if path.exists():
        return
    with _errors_as_ours():
        make_folders(path.parent)
        partial = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        try:
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(partial, path)  # unlike a rename, a link never replaces a key that won the race
        finally:
            partial.unlink(missing_ok=True)
        sync(path.parent)


@contextmanager
def _errors_as_ours() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable("The key store is not available; try again.", "keys_unavailable") from error

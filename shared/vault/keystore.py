"""The key store: a folder of wrapped keys, kept apart from the database it protects.

``root.key`` wraps one key per practice, which wraps one key per subject (a session or a
patient). Destroying a subject's file makes everything sealed for it unreadable, also in
backups and in the database's write-ahead log, because its key was never in either.

Each key has versions (``keyring``), and a rotation (``rotation``) may replace one at any moment. A process
keeps root and practices' keys in memory, and reads them again when it meets a version that it does not know.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from shared.domain.errors import Unavailable
from shared.vault import durable, identity, keyring, root_key
from shared.vault.durable import make_folders, shred, sync
from shared.vault.identity import PEPPER, PEPPER_AAD
from shared.vault.keyring import Key, KeyDamaged, KeyRing, KeyStoreError
from shared.vault.root_key import ROOT, RootKeys
from shared.vault.unlocking import Unlocker

__all__ = ["KeyDestroyed", "KeyStore", "KeyStoreError", "StoredKey"]

LOCK = ".lock"
_WRAPPED = ("practices", "subjects")
_TRIES = 4


class KeyDestroyed(KeyStoreError):
    """The subject's key does not exist (any more): what it sealed cannot be read."""


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A subject's key as a listing tells of it; the time is the file system's."""

    subject_id: UUID
    modified_at: datetime


class KeyStore:
    """Keys below ``folder``; safe to use from many threads and processes at once."""

    def __init__(self, folder: Path, root_key_command: str | None = None) -> None:
        """``root_key_command`` prints the secret that protects the root key (``unlocking``)."""
        self.folder = folder
        self.unlocker = Unlocker(root_key_command)
        self.roots = RootKeys(folder, self.unlocker)
        self._peppers = identity.Peppers(folder, self.roots)
        self._practice_rings: dict[UUID, KeyRing] = {}
        self._refuse_foreign_root()

    @classmethod
    def initialise(cls, folder: Path, root_key_command: str | None = None) -> "KeyStore":
        """Create what is missing below ``folder`` (0700), and open it.

        Raises KeyStoreError where wrapped keys lie without the root key that opens them.
        """
        with errors_as_ours():
            make_folders(folder)
            folder.chmod(0o700)
            if not (folder / ROOT).exists() and any((folder / name).exists() for name in _WRAPPED):
                raise KeyStoreError("root.key is missing and a new one would open nothing: restore it")
            _make_secrets(folder, Unlocker(root_key_command))
        return cls(folder, root_key_command)

    def create(self, practice_id: UUID, subject_id: UUID) -> None:
        """Make the key of a new subject, durably; does nothing if it exists."""
        path, aad = self.subject_path(subject_id), subject_aad(practice_id, subject_id)
        # What wraps it is read from the disk, not from memory: a version that a rotation has replaced may
        # go as soon as the rotation has seen every key that was there when it began.
        with self.locked():
            if not path.exists():
                wrapping = self._practice_ring_or_new(practice_id).current
                durable.create_once(path, keyring.wrap(wrapping, KeyRing.new().pack(), aad))

    def key(self, practice_id: UUID, subject_id: UUID) -> bytes:
        """The subject's 32-byte key that seals now; raises KeyDestroyed where there is none."""
        return self.ring(practice_id, subject_id).current.secret

    def ring(self, practice_id: UUID, subject_id: UUID) -> KeyRing:
        """The versions of the subject's key; raises KeyDestroyed where there is none."""

        def wrapping(version: int, again: bool) -> Key | None:
            return self._practice_ring(practice_id, version, again).find(version)

        return self._open(self.subject_path(subject_id), subject_aad(practice_id, subject_id), wrapping)

    def destroy(self, subject_id: UUID) -> None:
        """Make everything sealed for the subject unreadable; does nothing if already done."""
        path = self.subject_path(subject_id)
        with self.locked():
            for each in (path, *durable.leftovers(path)):
                shred(each)
            if path.parent.exists():
                sync(path.parent)

    @property
    def pepper(self) -> bytes:
        """What goes into the digests of API keys and codes that are made now."""
        return self.peppers.current.secret

    @property
    def peppers(self) -> KeyRing:
        """The versions of the pepper, as a rotation has left them on the disk."""
        return self._peppers.now()

    def seal_check(self) -> bytes:
        """A value for the database by which ``require_made`` knows this key store again."""
        return identity.seal_check(self.roots, self.peppers)

    def require_made(self, check: bytes) -> None:
        """Raise KeyStoreError unless these keys, in memory and on disk, are those that made ``check``."""
        on_disk = RootKeys(self.folder, self.unlocker)
        for roots, peppers in ((self.roots, self.peppers), (on_disk, identity.peppers(self.folder, on_disk))):
            identity.require_made(self.folder, roots, peppers, check)

    def has_practice(self, practice_id: UUID) -> bool:
        """Whether the practice's key lies here."""
        with errors_as_ours():
            return self.practice_path(practice_id).exists()

    def list(self) -> Iterator[StoredKey]:
        """The keys of all subjects, in any order; raises Unavailable."""
        with errors_as_ours():
            for path in self.subject_files():
                with suppress(FileNotFoundError):
                    changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
                    yield StoredKey(UUID(path.stem), changed)

    def subject_files(self) -> Iterator[Path]:
        """The files of all subjects' keys; raises Unavailable."""
        with errors_as_ours():
            for path in sorted((self.folder / "subjects").glob("??/[!.]*.key")):
                with suppress(ValueError):
                    UUID(path.stem)
                    yield path

    def practices(self) -> tuple[UUID, ...]:
        """The practices that have a key here; raises Unavailable."""
        with errors_as_ours():
            return tuple(UUID(path.stem) for path in sorted((self.folder / "practices").glob("[!.]*.key")))

    def practice_ring(self, practice_id: UUID) -> KeyRing:
        """The versions of the practice's key, from the disk; raises KeyStoreError."""
        return self._practice_ring(practice_id, 0, again=True)

    @contextmanager
    def locked(self, *, alone: bool = False) -> Iterator[None]:
        """Hold the lock under which key files are made, replaced (``alone``) and destroyed."""
        with errors_as_ours():
            make_folders(self.folder)
            with durable.locked(self.folder / LOCK, alone=alone):
                yield

    def _refuse_foreign_root(self) -> None:
        """Raise KeyStoreError where practices' keys lie here and the root key opens none of them.

        One damaged file is no reason to refuse all the others.
        """
        found = self.practices()
        if found and not any(self._opens(practice_id) for practice_id in found):
            raise KeyStoreError("root.key opens none of the practices' keys: restore the one that made them")

    def _opens(self, practice_id: UUID) -> bool:
        try:
            self.practice_ring(practice_id)
        except KeyStoreError:
            return False
        return True

    def _practice_ring_or_new(self, practice_id: UUID) -> KeyRing:
        path = self.practice_path(practice_id)
        if not path.exists():
            wrapped = keyring.wrap(self.roots.newest(), KeyRing.new().pack(), practice_aad(practice_id))
            durable.create_once(path, wrapped)
        return self.practice_ring(practice_id)

    def _practice_ring(self, practice_id: UUID, version: int, again: bool) -> KeyRing:
        """The practice's ring, from memory if it has this version there."""
        known = self._practice_rings.get(practice_id)
        if known is None or again or known.find(version) is None:
            path, aad = self.practice_path(practice_id), practice_aad(practice_id)
            known = self._open(path, aad, lambda root, fresh: self.roots.find(root, again=fresh))
            self._practice_rings[practice_id] = known
        return known

    def _open(self, path: Path, aad: bytes, wrapping: Callable[[int, bool], Key | None]) -> KeyRing:
        """The ring in a file. What does not open is read again: a rotation may have come in between."""
        for again in range(_TRIES):
            wrapped = _read_wrapped(path)
            with suppress(KeyDamaged):
                key = wrapping(keyring.wrapped_under(wrapped), bool(again))
                if key is not None:
                    return KeyRing.unpack(keyring.unwrap(key, wrapped, aad))
        raise KeyDamaged

    def practice_path(self, practice_id: UUID) -> Path:
        """The file of a practice's key."""
        return self.folder / "practices" / f"{practice_id}.key"

    def subject_path(self, subject_id: UUID) -> Path:
        """The file of a subject's key."""
        return self.folder / "subjects" / subject_id.hex[:2] / f"{subject_id}.key"


def _make_secrets(folder: Path, unlocker: Unlocker) -> None:
    """The root key and the pepper, where they are missing; of a protected root key the pepper is under it."""
    if not (folder / ROOT).exists():
        key = KeyRing.new().current
        durable.create_once(folder / ROOT, root_key.pack(key, unlocker))
    if not (folder / PEPPER).exists():
        pepper = KeyRing.new().pack()
        if unlocker.is_set:
            root = root_key.read(folder / ROOT, unlocker)
            pepper = keyring.wrap(root, pepper, PEPPER_AAD)
        durable.create_once(folder / PEPPER, pepper)


def practice_aad(practice_id: UUID) -> bytes:
    """What a practice's key is bound to."""
    return b"practice:" + practice_id.bytes


def subject_aad(practice_id: UUID, subject_id: UUID) -> bytes:
    """What a subject's key is bound to."""
    return b"subject:" + practice_id.bytes + subject_id.bytes


def _read_wrapped(path: Path) -> bytes:
    with errors_as_ours():
        try:
            return path.read_bytes()
        except FileNotFoundError:
            raise KeyDestroyed("the key of this record has been destroyed") from None


@contextmanager
def errors_as_ours() -> Iterator[None]:
    """Raise Unavailable instead of the system's errors."""
    try:
        yield
    except OSError as error:
        raise Unavailable("The key store is not available; try again.", "keys_unavailable") from error

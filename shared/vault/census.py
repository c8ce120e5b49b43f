"""The census of a key store: how many keys are under which version, and how many a rotation has left."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from shared.vault import keyring
from shared.vault.keyring import KeyDamaged, KeyRing, KeyStoreError
from shared.vault.keystore import KeyStore, subject_aad
from shared.vault.root_key import FORMER, NEXT, is_protected


@dataclass
class Census:
    """Counts by the version of the wrapping key: the root's for practices, the practices' for subjects."""

    root_version: int
    root_is_protected: bool = False
    practices: Counter[int] = field(default_factory=Counter)
    subjects: Counter[int] = field(default_factory=Counter)
    practices_left: int = 0
    subjects_left: int = 0
    rotating: tuple[UUID, ...] = ()
    root_is_rotating: bool = False
    damaged: tuple[str, ...] = ()
    peppers: tuple[int, ...] = ()

    @property
    def left(self) -> int:
        """Keys that are still under a version that is being replaced."""
        return self.practices_left + self.subjects_left

    @property
    def is_rotating(self) -> bool:
        """Whether a rotation has begun and not ended."""
        return self.root_is_rotating or bool(self.rotating)


def take(keys: KeyStore) -> Census:
    """Count every key; raises KeyStoreError and Unavailable. Changes nothing."""
    newest = keys.roots.newest().version
    found = Census(
        keys.roots.current.version, is_protected(keys.folder), root_is_rotating=_root_is_rotating(keys)
    )
    damaged, rotating = [], {}
    for practice_id in keys.practices():
        path = keys.practice_path(practice_id)
        try:
            version, ring = keyring.wrapped_under(_content(path)), keys.practice_ring(practice_id)
        except KeyStoreError:
            damaged.append(f"practices/{path.name}")
            continue
        found.practices[version] += 1
        found.practices_left += version != newest
        if len(ring.keys) > 1:
            rotating[practice_id] = ring
    for path in keys.subject_files():
        try:
            wrapped = _content(path)
            version = keyring.wrapped_under(wrapped)
        except FileNotFoundError:
            continue  # destroyed a moment ago
        except KeyDamaged:
            damaged.append(f"subjects/{path.parent.name}/{path.name}")
            continue
        found.subjects[version] += 1
        found.subjects_left += _is_left(UUID(path.stem), wrapped, version, rotating)
    found.peppers = tuple(pepper.version for pepper in keys.peppers.keys)
    found.rotating, found.damaged = tuple(rotating), tuple(damaged)
    return found


def _root_is_rotating(keys: KeyStore) -> bool:
    return any((keys.folder / name).exists() for name in (NEXT, FORMER))


def _content(path: Path) -> bytes:
    return path.read_bytes()


def _is_left(subject_id: UUID, wrapped: bytes, version: int, rotating: dict[UUID, KeyRing]) -> bool:
    """Whether an earlier version of a practice's key that is being rotated wraps this."""
    for practice_id, ring in rotating.items():
        key = ring.find(version)
        if key is None or key == ring.current:
            continue
        try:
            keyring.unwrap(key, wrapped, subject_aad(practice_id, subject_id))
        except KeyDamaged:
            continue
        return True
    return False

"""A new version of a subject's key, and the end of the former ones once nothing is sealed under them.

What a process seals from ``add_version`` on is under the new version: subjects' keys are read from the disk
for each value. The former ones open what they sealed until ``remove_former``. Between the two all values and
objects are sealed anew (``shared.services.subject_keys``). Neither goes on while a backup copies keys.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import UUID

from shared.domain import failpoints
from shared.vault import durable, keyring
from shared.vault.keyring import KeyDamaged, KeyRing, KeyStoreError
from shared.vault.keystore import KeyDestroyed, KeyStore, errors_as_ours, subject_aad
from shared.vault.rotation import LOCK

RUN_LOCK = ".subjects.lock"


def add_version(keys: KeyStore, practice_id: UUID, subject_id: UUID) -> int:
    """Add a version of the subject's key, unless one was added and the former not yet removed.

    Gives the version that seals from now on. Raises KeyDestroyed, KeyStoreError and Unavailable.
    """
    with _in_turn(keys):
        ring = keys.ring(practice_id, subject_id)
        if len(ring.keys) == 1:
            ring = _put(keys, practice_id, subject_id, ring.with_next())
            failpoints.reach("rotating", "subject_version_added")
        return ring.current.version


def remove_former(keys: KeyStore, practice_id: UUID, subject_id: UUID, version: int) -> None:
    """Destroy the versions before this one, with all that was left of them beside the key.

    Raises KeyDestroyed, KeyStoreError and Unavailable.
    """
    with _in_turn(keys):
        ring = keys.ring(practice_id, subject_id)
        if ring.current.version != version:
            raise KeyStoreError(
                f"the key of {subject_id} is another one than its rotation made: run it again"
            )
        if len(ring.keys) > 1:
            _put(keys, practice_id, subject_id, ring.with_current_alone())
            failpoints.reach("rotating", "subject_former_removed")
        path = keys.subject_path(subject_id)
        for left in durable.leftovers(path):
            durable.shred(left)


def add_versions_of(keys: KeyStore, later: KeyStore) -> int:
    """Add the versions of subjects' keys that a later copy of this key store has; gives how many got one.

    An older backup's values are under versions that are in ``keys`` alone, and what was sealed since, such as
    a later list of removals, under those of ``later``. Raises KeyStoreError.
    """
    count = 0
    for practice_id in set(keys.practices()) & set(later.practices()):
        for path in keys.subject_files():
            subject_id = UUID(path.stem)
            with suppress(KeyDamaged, KeyDestroyed):  # of another practice, or deleted since
                known = keys.ring(practice_id, subject_id)
                count += _add_versions(
                    keys, practice_id, subject_id, known, later.ring(practice_id, subject_id)
                )
    return count


def _add_versions(
    keys: KeyStore, practice_id: UUID, subject_id: UUID, known: KeyRing, later: KeyRing
) -> bool:
    versions = {key.version: key for key in (*later.keys, *known.keys)}
    if any(versions[key.version] != key for key in later.keys):
        raise KeyStoreError(
            f"the key of {subject_id} is another one in the later keys: name keys of this service"
        )
    ring = KeyRing(tuple(versions[version] for version in sorted(versions)))
    if ring == known:
        return False
    _put(keys, practice_id, subject_id, ring)
    return True


@contextmanager
def running(folder: Path) -> Iterator[None]:
    """Keep other rotations of subjects' keys away; raises KeyStoreError where one runs."""
    with errors_as_ours():
        try:
            with durable.locked(folder / RUN_LOCK, alone=True, wait=False):
                yield
        except BlockingIOError:
            raise KeyStoreError(
                "another rotation of subjects' keys is running: wait until it has ended"
            ) from None


@contextmanager
def _in_turn(keys: KeyStore) -> Iterator[None]:
    """Wait for a backup of the keys, or another rotation, and keep them away for this moment."""
    with errors_as_ours(), durable.locked(keys.folder / LOCK, alone=True):
        yield


def _put(keys: KeyStore, practice_id: UUID, subject_id: UUID, ring: KeyRing) -> KeyRing:
    """Replace a subject's ring and read it back. Alone: a key that is destroyed must not come back."""
    path, aad = keys.subject_path(subject_id), subject_aad(practice_id, subject_id)
    with keys.locked(alone=True):
        if path.exists():
            wrapping = keys.practice_ring(practice_id).current
            durable.replace(path, keyring.wrap(wrapping, ring.pack(), aad))
    found = keys.ring(practice_id, subject_id)
    if found != ring:
        raise KeyStoreError(f"the key of {subject_id} reads otherwise than it was written: run this again")
    return found

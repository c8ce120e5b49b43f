"""What ties a deployment's parts together, so that a wrong one is noticed before it is used.

The recordings' folder has a marker: without it the disk is not mounted, or the setting names another
folder. The database has a check value that only the deployment's own key store opens.
"""

from collections.abc import Iterator
from pathlib import Path

from shared.db.connection.engine import Database
from shared.db.queries import key_store_checks
from shared.db.queries.records import owners
from shared.storage.local_store import LocalStore
from shared.storage.objects import ObjectStore
from shared.storage.recordings import RECORDING, object_name
from shared.vault.keystore import KeyStore, KeyStoreError
from shared.vault.sealing import Sealed, Subject


def mark_storage(database: Database, store: ObjectStore) -> bool:
    """Mark the recordings' folder as this deployment's, where it has no marker yet; a bucket needs none.

    False, and no marker, where the database knows recordings and the folder holds none of them: then
    it is rather the wrong folder than a new one. Raises Unavailable.
    """
    if not isinstance(store, LocalStore) or store.is_set_up:
        return True
    known = list(_recordings(database))
    if known and not any(store.holds(name) for name in known):
        return False
    store.set_up()
    return True


def open_keys(database: Database, folder: Path, root_key_command: str | None = None) -> KeyStore:
    """The key store in ``folder``, made where database and folder are new, and tied to the database.

    Raises KeyStoreError where the database was made with other keys, or the keys are missing.
    """
    with database.operating() as db:
        is_new = key_store_checks.get(db) is None and not key_store_checks.anything_is_sealed(db)
    if not is_new and not (folder / "root.key").exists():
        raise KeyStoreError(
            "root.key is missing, and a new one would open nothing: restore the key store, or correct "
            "SESSIONSCRIBE_KEYS_DIR"
        )
    keys = KeyStore.initialise(folder, root_key_command)
    tie_keys(database, keys)
    return keys


def tie_keys(database: Database, keys: KeyStore) -> None:
    """Record in the database that this key store is its own.

    Raises KeyStoreError where it belongs to another database.
    """
    with database.operating() as db:
        if key_store_checks.get(db) is None:
            if key_store_checks.anything_is_sealed(db) and not any(
                map(keys.has_practice, owners.practices(db))
            ):
                raise KeyStoreError("the key store holds the key of no practice of this database: restore it")
            key_store_checks.put(db, Sealed(keys.seal_check()))
    require_own_keys(database, keys)


def require_own_keys(database: Database, keys: KeyStore) -> bool:
    """Raise KeyStoreError unless the key store is the database's own.

    False where the database cannot tell: it was made by an older release, and no release step has run since.
    """
    with database.operating() as db:
        check = key_store_checks.get(db)
    if check is not None:
        keys.require_made(check.data)
    return check is not None


def _recordings(database: Database) -> Iterator[str]:
    """The names of all objects that sessions of the database have."""
    with database.operating() as db:
        practices = owners.practices(db)
    for practice_id in practices:
        with database.transaction(practice_id) as db:
            kept = owners.sessions_with_recordings(db)
        yield from (object_name(Subject(practice_id, session_id), RECORDING) for session_id in kept)

"""What ties a deployment's parts together, so that a wrong one is noticed before it is used.

The recordings' folder has a marker: without it the disk is not mounted, or the setting names another
folder.
"""

from collections.abc import Iterator

from shared.db.connection.engine import Database
from shared.db.queries import owners
from shared.storage.local_store import LocalStore
from shared.storage.objects import ObjectStore
from shared.storage.recordings import RECORDING, object_name
from shared.vault.sealing import Subject


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


def _recordings(database: Database) -> Iterator[str]:
    """The names of all objects that sessions of the database have."""
    with database.operating() as db:
        practices = owners.practices(db)
    for practice_id in practices:
        with database.transaction(practice_id) as db:
            kept = owners.sessions_with_recordings(db)
        yield from (object_name(Subject(practice_id, session_id), RECORDING) for session_id in kept)

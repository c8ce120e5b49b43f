"""Rotation of the keys that wrap other keys, for the operator of the server; each is in the trail."""

from uuid import UUID

from shared.db.connection.engine import Database
from shared.db.queries import audit, key_store_checks, owners
from shared.domain.errors import NotFound
from shared.services.operations import anchors
from shared.vault import rotation
from shared.vault.keystore import KeyStore, KeyStoreError
from shared.vault.rotation import Rotated

_ACTOR = "server"


def rotate_root(database: Database, keys: KeyStore) -> Rotated:
    """Rotate the root key, or end a rotation that was interrupted.

    Raises KeyStoreError, also where the database belongs to other keys, and Unavailable.
    """
    anchors.tie_keys(database, keys)
    with database.operating() as db:
        check, practices = key_store_checks.get(db), owners.practices(db)
    if check is None:
        raise KeyStoreError("the database does not know this key store: run the `release` step first")
    done = rotation.rotate_root(keys, check.data)
    for practice_id in practices:
        _record(database, practice_id, "vault.root_rotated")
    return done


def rotate_practice(database: Database, keys: KeyStore, practice_id: UUID) -> Rotated:
    """Rotate a practice's key, or end a rotation that was interrupted.

    Raises NotFound, KeyStoreError and Unavailable.
    """
    anchors.require_own_keys(database, keys)
    with database.operating() as db:
        known = practice_id in owners.practices(db)
    if not known or not keys.has_practice(practice_id):
        raise NotFound("There is no such practice, or it has no key yet.", "practice_not_found")
    done = rotation.rotate_practice(keys, practice_id)
    _record(database, practice_id, "vault.practice_rotated")
    return done


def _record(database: Database, practice_id: UUID, action: str) -> None:
    with database.transaction(practice_id) as db:
        audit.record(db, practice_id=practice_id, actor=_ACTOR, action=action)

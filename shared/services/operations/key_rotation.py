"""Rotation of the pepper and of the keys that wrap other keys, for the operator; each is in the trail."""

from collections.abc import Sequence
from uuid import UUID

from shared.db.connection.engine import Database
from shared.db.queries import key_store_checks
from shared.db.queries.people import api_keys
from shared.db.queries.privacy import audit, removals
from shared.db.queries.records import owners
from shared.domain.errors import Conflict, NotFound
from shared.services.operations import anchors
from shared.services.sessions import references
from shared.vault import rotation
from shared.vault.keystore import KeyStore, KeyStoreError
from shared.vault.rotation import Rotated
from shared.vault.sealing import Vault

_ACTOR = "server"


def rotate_root(database: Database, keys: KeyStore) -> Rotated:
    """Rotate the root key, or end a rotation that was interrupted.

    Raises KeyStoreError, also where the database belongs to other keys, and Unavailable.
    """
    check, practices = _own(database, keys)
    done = rotation.rotate_root(keys, check)
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


def rotate_pepper(database: Database, keys: KeyStore) -> int:
    """Begin a rotation of the pepper: sign-ins and codes end, API keys move to the new one as they are used.

    Gives the number of API keys that work with the former version; may be repeated. Raises KeyStoreError
    and Unavailable.
    """
    check, practices = _own(database, keys)
    current = rotation.add_pepper(keys, check)
    for practice_id in practices:
        with database.transaction(practice_id) as db:
            removals.end_sign_ins(db)
            audit.record(db, practice_id=practice_id, actor=_ACTOR, action="vault.pepper_rotated")
    return _keys_before(database, current.version)


def end_pepper_rotation(database: Database, keys: KeyStore) -> None:
    """Remove the former version of the pepper; what it digests of sessions is digested again before.

    Raises Conflict while API keys work with it, KeyStoreError and Unavailable.
    """
    _, practices = _own(database, keys)
    if left := _keys_before(database, keys.peppers.current.version):
        raise Conflict(
            f"{left} API keys were not used since and would end. Use, rotate or revoke them first.",
            "keys_left",
        )
    for practice_id in practices:
        references.digest_again(database, Vault(keys), practice_id)
    rotation.remove_former_pepper(keys)


def _keys_before(database: Database, version: int) -> int:
    with database.operating() as db:
        return api_keys.count_under_pepper_before(db, version)


def _own(database: Database, keys: KeyStore) -> tuple[bytes, Sequence[UUID]]:
    """The database's check value, which these keys have made, and its practices; raises KeyStoreError."""
    anchors.tie_keys(database, keys)
    with database.operating() as db:
        check, practices = key_store_checks.get(db), owners.practices(db)
    if check is None:
        raise KeyStoreError("the database does not know this key store: run the `release` step first")
    return check.data, practices


def _record(database: Database, practice_id: UUID, action: str) -> None:
    with database.transaction(practice_id) as db:
        audit.record(db, practice_id=practice_id, actor=_ACTOR, action=action)

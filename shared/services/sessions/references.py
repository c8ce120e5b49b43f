"""A client's own reference of a session: sealed to be shown, and found by a hash with the pepper."""

import hmac
from uuid import UUID

from shared.db.connection.engine import Database
from shared.db.queries.records import sessions
from shared.vault.keystore import KeyDestroyed
from shared.vault.sealing import Sealed, Subject, Vault

KIND = "session.external_id"
_AT_ONCE = 500


def sealed(vault: Vault, session: Subject, reference: str) -> Sealed:
    """The reference, to be stored."""
    return vault.seal(session, KIND, reference)


def opened(vault: Vault, session: Subject, stored: Sealed) -> str:
    """The reference; raises KeyDestroyed."""
    return str(vault.open(session, KIND, stored))


def digest(vault: Vault, practice_id: UUID, reference: str) -> bytes:
    """What a session is found by; it tells nothing of the reference."""
    return _digest(vault.keys.pepper, practice_id, reference)


def digests(vault: Vault, practice_id: UUID, reference: str) -> frozenset[bytes]:
    """The digests under every version of the pepper: while it is rotated there are two."""
    return frozenset(_digest(pepper.secret, practice_id, reference) for pepper in vault.keys.peppers.keys)


def digest_again(database: Database, vault: Vault, practice_id: UUID) -> None:
    """Digest every reference of the practice with the pepper of now; does no harm if done again."""
    after = UUID(int=0)
    while True:
        with database.transaction(practice_id) as db:
            rows = sessions.with_reference(db, after=after, limit=_AT_ONCE)
            for session_id, stored in rows:
                try:
                    reference = opened(vault, Subject(practice_id, session_id), stored)
                except KeyDestroyed:
                    continue  # the session was deleted a moment ago
                sessions.set_reference_hash(db, session_id, digest(vault, practice_id, reference))
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1][0]


def _digest(pepper: bytes, practice_id: UUID, reference: str) -> bytes:
    return hmac.digest(pepper, b"external-id:" + practice_id.bytes + reference.encode(), "sha256")

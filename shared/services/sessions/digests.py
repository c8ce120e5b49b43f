"""The SHA-256 of a recording, sealed under its session's key: deleted with it, in the write-ahead log too.

A plain hash would stay there and in the planner's statistics. It would prove to the holder of a copy that
the recording had been here.
"""

import hashlib
from contextlib import suppress
from uuid import UUID

from shared.db.connection.engine import Database
from shared.db.queries.records import owners, sessions
from shared.db.tables.core import TherapySession
from shared.domain.ports import ByteSource
from shared.vault.keystore import KeyDestroyed
from shared.vault.sealing import Sealed, Subject, Vault

KIND = "session.audio_sha256"
_AT_ONCE = 500
_READ_BYTES = 1024 * 1024


def of(recording: ByteSource) -> str:
    """The hash of a stored recording, in hex."""
    found = hashlib.sha256()
    for at in range(0, recording.size, _READ_BYTES):
        found.update(recording.read_at(at, _READ_BYTES))
    return found.hexdigest()


def seal(vault: Vault, session: Subject, digest: str) -> Sealed:
    """The hash, in hex, for the database."""
    return vault.seal(session, KIND, digest)


def opened(vault: Vault, row: TherapySession) -> str:
    """The hash of the session's recording, in hex; raises KeyDestroyed."""
    if row.audio_digest is None:
        return row.audio_sha256
    return str(vault.open(Subject(row.practice_id, row.id), KIND, row.audio_digest))


def seal_plain_ones(database: Database, vault: Vault) -> int:
    """Seal what older releases stored; gives how many. Raises Unavailable."""
    with database.operating() as db:
        practices = owners.practices(db)
    return sum(_seal_plain_ones_of(database, vault, practice_id) for practice_id in practices)


def _seal_plain_ones_of(database: Database, vault: Vault, practice_id: UUID) -> int:
    with database.transaction(practice_id) as db:
        rows = sessions.hold_with_plain_digests(db, limit=_AT_ONCE)
        for row in rows:
            digest = None
            with suppress(KeyDestroyed):  # nothing of the session can be read: the hash goes too
                digest = seal(vault, Subject(practice_id, row.id), row.audio_sha256)
            sessions.set_digest(db, row.id, digest)
    return len(rows)

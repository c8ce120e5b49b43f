"""Chaining: the dispatcher puts new lines of the audit trail into batches.

Callers and workers only add lines: they wait for no lock of the chain, and pay nothing for it.
"""

from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session as DbSession

from shared.db.connection import clock
from shared.db.connection.engine import Database
from shared.db.queries.privacy import audit_chain as rows
from shared.db.tables.privacy.audit import AuditBatch
from shared.services.audit_trail import chain
from shared.vault import identity

EVERY_SECONDS = 10.0
BATCH = 2000
# So many at most in one look: an upgraded database has millions to chain, and work must be sent on meanwhile.
_BATCHES_AT_ONCE = 5


def secret_of(database: Database, folder: Path) -> bytes:
    """The secret of the chains in a key store's folder, made before there is any chain.

    Raises KeyStoreError where it is gone: with another the whole chain would look changed.
    """
    with database.operating() as db:
        has_begun = rows.has_begun(db)
    return identity.chain_key(folder, make=not has_begun)


def chain_new(database: Database, secret: bytes) -> int:
    """Chain what is new, as far as one look may; gives the number of lines. Raises Unavailable."""
    total = 0
    for _ in range(_BATCHES_AT_ONCE):
        with database.operating() as db:
            count = _chain_some(db, secret)
        total += count
        if count < BATCH:
            break
    return total


def _chain_some(db: DbSession, secret: bytes) -> int:
    if not rows.only_one(db):
        return 0
    settled, settling = (
        rows.settled(db),
        rows.settling(db),
    )  # before the lines: they are then seen by this look
    found = rows.unchained(db, settled, BATCH)
    if len(found) == BATCH:
        settling = min(settling, found[-1].id)
    by_practice: dict[UUID, list[Row[Any]]] = {}
    for line in found:
        by_practice.setdefault(line.practice_id or rows.NO_PRACTICE, []).append(line)
    if by_practice:
        before, sealed_at = rows.latest(db, by_practice), clock.now(db)
        made = [_batch(secret, one, lines, before.get(one), sealed_at) for one, lines in by_practice.items()]
        rows.add(db, [{**batch, "settled": max(settled, settling)} for batch in made])
    return len(found)


def _batch(
    secret: bytes, practice_id: UUID, lines: list[Row[Any]], last: AuditBatch | None, sealed_at: datetime
) -> dict[str, Any]:
    number, previous = (last.number + 1, last.head) if last else (1, chain.BEGINNING)
    key = chain.key_of(secret, practice_id)
    ids = [line.id for line in lines]
    codes = b"".join(chain.code(key, line[1:]) for line in lines)
    return {
        "practice_id": practice_id,
        "number": number,
        "sealed_at": sealed_at,
        "event_ids": ids,
        "last_id": ids[-1],
        "codes": codes,
        "head": chain.head(key, previous, number, sealed_at, ids, codes),
    }

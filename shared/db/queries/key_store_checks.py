"""The check value of the key store that belongs to this database."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.core import TherapySession
from shared.db.tables.operations import KeyStoreCheck
from shared.vault.sealing import Sealed


def get(db: DbSession) -> Sealed | None:
    """The check value; None before set-up, and in a database of an older release."""
    return db.scalar(select(KeyStoreCheck.sealed))


def put(db: DbSession, check: Sealed) -> None:
    """Keep the check value; the first one stays."""
    db.execute(insert(KeyStoreCheck).values(id=1, sealed=check).on_conflict_do_nothing())


def anything_is_sealed(db: DbSession) -> bool:
    """Whether any session exists, and so a key store that sealed it."""
    return db.scalar(select(TherapySession.id).limit(1)) is not None

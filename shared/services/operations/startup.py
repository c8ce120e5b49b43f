"""The start of a process on a cold machine: what it needs may come after it, and is waited for."""

import gc
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import structlog
from sqlalchemy.orm import configure_mappers

from shared.db.connection import schema
from shared.db.connection.engine import Database, DatabaseError
from shared.domain.errors import Unavailable
from shared.services.operations import anchors
from shared.vault.keystore import KeyStore, KeyStoreError
from shared.vault.unlocking import RootKeyLocked

log = structlog.get_logger(__name__)

Result = TypeVar("Result")

PAUSE_SECONDS = 0.5
# One line in this many pauses: an hour of waiting is no reason to fill a disk.
QUIET_PAUSES = 20


def prepare_to_fork() -> None:
    """Do once what each child would do, and keep what is loaded out of their collections of garbage.

    A collection writes into every object that it looks at: children would soon have copies of all of them.
    """
    configure_mappers()
    gc.collect()
    gc.freeze()


class NotYet(Exception):
    """What a process needs is not there; ``missing`` says what, in a word."""

    def __init__(self, missing: str) -> None:
        super().__init__(missing)
        self.missing = missing


def wait_for(ready: Callable[[], Result], is_over: Callable[[], bool] = lambda: False) -> Result:
    """What ``ready`` gives, once it no longer raises NotYet; each cause is logged when it begins.

    Raises NotYet if ``is_over`` says that there is no more time.
    """
    said, pauses = "", 0
    while True:
        try:
            return ready()
        except NotYet as reason:
            if is_over():
                raise
            if reason.missing != said or pauses % QUIET_PAUSES == 0:
                log.warning("waits_at_start", name=reason.missing)
            said, pauses = reason.missing, pauses + 1
            time.sleep(PAUSE_SECONDS)


def database_ready(database: Database) -> None:
    """Raise NotYet unless Postgres answers and has the schema of this release."""
    try:
        with database.operating() as db:
            lacking = schema.lacks(db)
    except Unavailable:
        raise NotYet("database") from None
    except DatabaseError:  # the roles come with the schema
        raise NotYet("schema") from None
    if lacking:
        raise NotYet("schema")


def keys_ready(folder: Path, database: Database, root_key_command: str | None = None) -> KeyStore:
    """The key store; raises NotYet while there is none, or one that belongs to another database.

    A database that is away is not waited for here.
    """
    if not (folder / "root.key").exists():
        raise NotYet("key_store")
    try:
        keys = KeyStore(folder, root_key_command)
    except RootKeyLocked:  # the host that has its secret may be away
        raise NotYet("root_key_secret") from None
    except KeyStoreError:
        if not (folder / "pepper.key").exists():  # it is being made at this moment
            raise NotYet("key_store") from None
        raise
    try:
        anchors.require_own_keys(database, keys)
    except KeyStoreError:
        raise NotYet("key_store_of_this_database") from None
    except (Unavailable, DatabaseError):
        return keys
    return keys

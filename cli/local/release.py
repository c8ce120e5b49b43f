"""The release step, ``python -m cli.local.release``: schema and storage as this release needs them.

Run it before the processes of a new release start; it may be repeated.
"""

import os
import sys
from contextlib import closing

from cli.exits import CommandError
from cli.local import unfinished_restore
from cli.local.schema import bring_up_to_date
from shared import logs, settings
from shared.db.connection.engine import Database, DatabaseError
from shared.domain.errors import DomainError
from shared.services.operations import anchors
from shared.settings import Settings
from shared.storage.local_store import MARKER
from shared.storage.objects import ObjectStore
from shared.storage.opening import open_store
from shared.vault.keystore import KeyStore, KeyStoreError

NOT_MARKED = (
    "STORAGE_URL holds none of the recordings that the database knows, and no marker: uploads answer 503. "
    f"Mount the disk that holds them. If they are lost for good, make the file {MARKER} in that folder."
)


def release(known: Settings) -> None:
    """Bring the schema up to date, mark the recordings' folder and tie the key store to the database.

    Raises CommandError, KeyStoreError and Unavailable.
    """
    prepare_schema(known)
    with closing(Database(known.database_url, pool_size=1)) as database:
        if (known.keys_dir / "root.key").exists():  # else it is made at set-up
            anchors.tie_keys(database, KeyStore(known.keys_dir, known.root_key_command))
        mark_storage(database, open_store(known.storage_url, known.s3))


def prepare_schema(known: Settings) -> None:
    """Bring the schema up to date; raises CommandError, also while a restore has not ended."""
    bring_up_to_date(known.owner_url)
    unfinished_restore.require_none(known.database_url)


def mark_storage(database: Database, store: ObjectStore) -> None:
    """As ``anchors.mark_storage``. Says on standard error what to do where it did not mark the folder."""
    if not anchors.mark_storage(database, store):
        print(NOT_MARKED, file=sys.stderr)


def main() -> None:
    """Release, or end with a sentence and code 1."""
    try:
        known = settings.load(os.environ)
        logs.configure("release", known.log_level)
        release(known)
    except (CommandError, DomainError, DatabaseError, KeyStoreError, settings.SettingsError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()

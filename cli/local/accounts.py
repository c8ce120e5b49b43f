"""The first accounts of a deployment, made on the server itself."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from uuid import UUID

from cli.local.release import mark_storage
from shared.db.connection.engine import Database
from shared.domain.ports import ByteSource
from shared.domain.values import DecodedFacts, MediaFacts
from shared.queue import WorkQueue, make_app
from shared.services.accounts import accounts
from shared.services.accounts.accounts import FirstAccounts
from shared.services.operations import anchors
from shared.services.resources import Resources
from shared.services.sign_in import invitations
from shared.settings import Settings
from shared.storage.opening import open_store
from shared.storage.recordings import Recordings
from shared.storage.s3 import S3Store
from shared.vault.sealing import Vault


class NoDecoder:
    """Stands where recordings are never opened."""

    def probe(self, source: ByteSource) -> MediaFacts:
        """Raise: nothing here has a recording."""
        raise NotImplementedError("the command line decodes nothing")

    def decode(self, source: ByteSource, write: Callable[[bytes], None]) -> DecodedFacts:
        """Raise: nothing here has a recording."""
        raise NotImplementedError("the command line decodes nothing")


def make_first_accounts(
    settings: Settings, practice: str, therapist: str, *, replace_lost_keys: bool = False
) -> FirstAccounts:
    """Make the key store, the place of the recordings, and the practice with its people and keys.

    Where the practice exists already there are no keys in the result, unless
    ``replace_lost_keys``: then new ones are made. While no administrator signs in with a browser,
    there is a new one-time code for the first. Raises KeyStoreError, Unavailable and
    DatabaseError.
    """
    store = open_store(settings.storage_url, settings.s3)
    if isinstance(store, S3Store):
        store.make_bucket()
    with closing(Database(settings.database_url, pool_size=1)) as database:
        keys = anchors.open_keys(database, settings.keys_dir)
        mark_storage(database, store)
        resources = Resources(
            settings=settings,
            database=database,
            vault=Vault(keys),
            recordings=Recordings(store, keys),
            decoder=NoDecoder(),
            queue=WorkQueue(make_app(settings.redis_url)),
        )
        made = accounts.bootstrap(resources, practice, therapist)
        code = invitations.first_administrator_code(resources, made.practice_id)
        if made.therapist_key or not replace_lost_keys:
            return replace(made, administrator_code=code)
        return replace(
            made,
            administrator_key=_new_key(resources, made.practice_id, made.administrator_id),
            therapist_key=_new_key(resources, made.practice_id, made.therapist_id),
            administrator_code=code,
        )


def _new_key(resources: Resources, practice_id: UUID, person_id: UUID) -> str:
    return accounts.create_key(resources, practice_id, person_id, None, "setup", None)[1]

"""The first accounts of a deployment, made on the server itself."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from cli.local.release import mark_storage
from shared.db.connection.engine import Database
from shared.domain.ports import ByteSource
from shared.domain.values import DecodedFacts, MediaFacts
from shared.queue import WorkQueue, make_app
from shared.services.accounts import enrolment, first_accounts
from shared.services.accounts.enrolment import IssuedCode, WantedKey
from shared.services.accounts.first_accounts import FirstAccounts
from shared.services.operations import anchors
from shared.services.resources import Resources
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


@dataclass(frozen=True, slots=True)
class FirstKeys:
    """The keys of the first administrator and the first therapist, redeemed on this machine."""

    administrator: str = field(repr=False)
    therapist: str = field(repr=False)


def make_first_accounts(settings: Settings, practice: str, therapist: str) -> FirstAccounts:
    """Make the key store and the bucket where there is none, and the practice with its people.

    Where the practice exists already there are no codes in the result. Raises KeyStoreError,
    Unavailable and DatabaseError.
    """
    with _resources(settings) as resources:
        return first_accounts.bootstrap(resources, practice, therapist)


def make_first_keys(
    settings: Settings, practice: str, therapist: str, *, replace_lost: bool = False
) -> FirstKeys | None:
    """As ``make_first_accounts``, where the people are those at this machine: their codes are redeemed too.

    None where the practice exists already, unless ``replace_lost``.
    """
    with _resources(settings) as resources:
        made = first_accounts.bootstrap(resources, practice, therapist)
        if made.therapist_code is None and not replace_lost:
            return None
        people = (
            (made.administrator_id, made.administrator_code),
            (made.therapist_id, made.therapist_code),
        )
        return FirstKeys(*(_key_of(resources, made.practice_id, *person) for person in people))


def recover(settings: Settings, therapist_id: UUID) -> IssuedCode:
    """A code for a person who has lost all their keys.

    Raises NotFound, Conflict, KeyStoreError, Unavailable and DatabaseError.
    """
    with _resources(settings) as resources:
        return enrolment.recover(resources, therapist_id)


@contextmanager
def _resources(settings: Settings) -> Iterator[Resources]:
    store = open_store(settings.storage_url, settings.s3)
    if isinstance(store, S3Store):
        store.make_bucket()
    with closing(Database(settings.database_url, pool_size=1)) as database:
        keys = anchors.open_keys(database, settings.keys_dir)
        mark_storage(database, store)
        yield Resources(
            settings=settings,
            database=database,
            vault=Vault(keys),
            recordings=Recordings(store, keys),
            decoder=NoDecoder(),
            queue=WorkQueue(make_app(settings.redis_url)),
        )


def _key_of(resources: Resources, practice_id: UUID, person_id: UUID, code: str | None) -> str:
    if code is None:
        code = enrolment.issue_on_server(resources, practice_id, person_id).code
    return enrolment.redeem(resources, code, WantedKey("setup", expires_in_days=None))[1]

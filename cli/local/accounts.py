"""The first accounts of a deployment, made on the server itself."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
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
from shared.services.sign_in import invitations
from shared.settings import Settings
from shared.storage.opening import open_store
from shared.storage.recordings import Recordings
from shared.storage.s3 import S3Store
from shared.vault.keystore import KeyStore
from shared.vault.sealing import Vault


class NoDecoder:
    """Stands where recordings are never opened."""

    def probe(self, source: ByteSource) -> MediaFacts:
        """Raise: nothing here has a recording."""
        raise NotImplementedError("the command line decodes nothing")

    def decode(self, source: ByteSource, write: Callable[[bytes], None]) -> DecodedFacts:
        """Raise: nothing here has a recording."""
        raise NotImplementedError("the command line decodes nothing")


def resources_of(settings: Settings, database: Database, keys: KeyStore) -> Resources:
    """What services need, for one who decodes nothing."""
    return Resources(
        settings=settings,
        database=database,
        vault=Vault(keys),
        recordings=Recordings(open_store(settings.storage_url, settings.s3), keys),
        decoder=NoDecoder(),
        queue=WorkQueue(make_app(settings.redis_url)),
    )


@dataclass(frozen=True, slots=True)
class FirstKeys:
    """Keys of the first administrator and therapist, redeemed on this machine; None if none were made.

    ``administrator_code`` as in ``FirstAccounts``.
    """

    administrator: str | None = field(default=None, repr=False)
    therapist: str | None = field(default=None, repr=False)
    administrator_code: str | None = field(default=None, repr=False)


def make_first_accounts(settings: Settings, practice: str, therapist: str) -> FirstAccounts:
    """Make the key store, the place of the recordings, and the practice with its people.

    Where the practice exists already there are no enrolment codes in the result. While no administrator
    signs in with a browser, there is a new one-time code for the first. Raises KeyStoreError, Unavailable
    and DatabaseError.
    """
    with _resources(settings) as resources:
        return _accounts(resources, practice, therapist)


def make_first_keys(
    settings: Settings, practice: str, therapist: str, *, replace_lost: bool = False
) -> FirstKeys:
    """As ``make_first_accounts``, where both people are at this machine: their codes are redeemed too.

    Where the practice exists already there are no keys, unless ``replace_lost``: then new ones are made.
    """
    with _resources(settings) as resources:
        made = _accounts(resources, practice, therapist)
        if made.therapist_enrolment is None and not replace_lost:
            return FirstKeys(administrator_code=made.administrator_code)
        return FirstKeys(
            _key_of(resources, made.practice_id, made.administrator_id, made.administrator_enrolment),
            _key_of(resources, made.practice_id, made.therapist_id, made.therapist_enrolment),
            made.administrator_code,
        )


def _accounts(resources: Resources, practice: str, therapist: str) -> FirstAccounts:
    made = first_accounts.bootstrap(resources, practice, therapist)
    code = invitations.first_administrator_code(resources, made.practice_id)
    return replace(made, administrator_code=code)


def recover(settings: Settings, therapist_id: UUID) -> IssuedCode:
    """A code for a person who has lost all their keys.

    Raises NotFound, Conflict, KeyStoreError, Unavailable and DatabaseError.
    """
    with _resources(settings) as resources:
        return enrolment.recover(resources, therapist_id)


def recover_sign_in(settings: Settings, therapist_id: UUID) -> str:
    """A one-time code with which a person who has records chooses a login name and a passphrase.

    Raises NotFound, KeyStoreError, Unavailable and DatabaseError.
    """
    with _resources(settings) as resources:
        return invitations.recovery_code(resources, therapist_id)


def break_glass(settings: Settings, practice: str) -> str:
    """A one-time code for a new administrator who signs in with a browser in any case.

    Raises NotFound, KeyStoreError, Unavailable and DatabaseError.
    """
    with _resources(settings) as resources:
        return invitations.break_glass_code(resources, practice)


@contextmanager
def _resources(settings: Settings) -> Iterator[Resources]:
    store = open_store(settings.storage_url, settings.s3)
    if isinstance(store, S3Store):
        store.make_bucket()
    with closing(Database(settings.database_url, pool_size=1)) as database:
        keys = anchors.open_keys(database, settings.keys_dir, settings.root_key_command)
        mark_storage(database, store)
        yield resources_of(settings, database, keys)


def _key_of(resources: Resources, practice_id: UUID, person_id: UUID, code: str | None) -> str:
    if code is None:
        code = enrolment.issue_on_server(resources, practice_id, person_id).code
    return enrolment.redeem(resources, code, WantedKey("setup", expires_in_days=None))[1]

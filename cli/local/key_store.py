"""The key store of the deployment on this machine, for the command ``vault``."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import UUID

from cli.exits import CommandError, Exit
from cli.local import deployment
from shared.db.connection.engine import Database, DatabaseError
from shared.domain.errors import DomainError
from shared.services.operations import key_rotation
from shared.settings import Settings
from shared.vault import census as counting
from shared.vault.census import Census
from shared.vault.keystore import KeyStore, KeyStoreError
from shared.vault.rotation import Rotated


def census(data: Path) -> Census:
    """How many keys are under which version; raises CommandError."""
    with _errors_as_ours():
        return counting.take(_opened(deployment.find(data).settings))


def rotate_root(data: Path) -> Rotated:
    """Rotate the root key; raises CommandError."""
    with _errors_as_ours(), _places(data) as (database, keys):
        return key_rotation.rotate_root(database, keys)


def rotate_practice(data: Path, practice_id: UUID) -> Rotated:
    """Rotate a practice's key; raises CommandError."""
    with _errors_as_ours(), _places(data) as (database, keys):
        return key_rotation.rotate_practice(database, keys, practice_id)


def rotate_pepper(data: Path) -> int:
    """Begin a rotation of the pepper; gives the API keys that are left. Raises CommandError."""
    with _errors_as_ours(), _places(data) as (database, keys):
        return key_rotation.rotate_pepper(database, keys)


def end_pepper_rotation(data: Path) -> None:
    """Remove the former pepper; raises CommandError."""
    with _errors_as_ours(), _places(data) as (database, keys):
        key_rotation.end_pepper_rotation(database, keys)


@contextmanager
def _places(data: Path) -> Iterator[tuple[Database, KeyStore]]:
    known = deployment.find(data).settings
    with closing(Database(known.database_url, pool_size=1)) as database:
        yield database, _opened(known)


def _opened(known: Settings) -> KeyStore:
    return KeyStore(known.keys_dir, known.root_key_command)


@contextmanager
def _errors_as_ours() -> Iterator[None]:
    try:
        yield
    except (KeyStoreError, DomainError, DatabaseError) as error:
        raise CommandError(f"{error}.".replace("..", "."), Exit.FAILED) from error

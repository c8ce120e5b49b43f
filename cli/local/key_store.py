"""The key store of the deployment on this machine, for the command ``vault``."""

from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import UUID

from cli.exits import CommandError, Exit
from cli.local import deployment
from cli.local.accounts import resources_of
from shared.db.connection.engine import Database, DatabaseError
from shared.domain.errors import DomainError
from shared.services.operations import key_rotation
from shared.services.subject_keys import rotation
from shared.services.subject_keys.run import Progress
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


def rotate_subjects(
    data: Path, patient_id: UUID | None, practice_id: UUID | None, report: Callable[[Progress], None]
) -> list[Progress]:
    """Rotate subjects' keys: a patient's, a practice's, or all; gives how far each practice came.

    Raises CommandError.
    """
    with _errors_as_ours(), _places(data) as (database, keys):
        resources = resources_of(deployment.find(data).settings, database, keys)
        if patient_id is not None:
            practices: Collection[UUID] = [rotation.practice_of_patient(database, patient_id)]
        else:
            practices = [practice_id] if practice_id else rotation.practices(database)
        return [rotation.rotate(resources, each, patient_id, report=report) for each in practices]


def subjects_left(data: Path) -> tuple[int, int] | None:
    """How many subjects' keys are being rotated, and how many of these are sealed anew; None if not known."""
    try:
        with closing(Database(deployment.find(data).settings.database_url, pool_size=1)) as database:
            return rotation.counts(database)
    except (DomainError, DatabaseError):
        return None


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

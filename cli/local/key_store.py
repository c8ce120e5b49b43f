"""The key store of the deployment on this machine, for the command ``vault``."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.exits import CommandError, Exit
from cli.local import deployment
from shared.domain.errors import DomainError
from shared.settings import Settings
from shared.vault import census as counting
from shared.vault.census import Census
from shared.vault.keystore import KeyStore, KeyStoreError


def census(data: Path) -> Census:
    """How many keys are under which version; raises CommandError."""
    with _errors_as_ours():
        return counting.take(opened(deployment.find(data).settings))


def opened(known: Settings) -> KeyStore:
    """The key store of these settings; raises KeyStoreError."""
    return KeyStore(known.keys_dir)


@contextmanager
def _errors_as_ours() -> Iterator[None]:
    try:
        yield
    except (KeyStoreError, DomainError) as error:
        raise CommandError(str(error), Exit.FAILED) from error

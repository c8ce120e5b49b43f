"""An encrypted backup made readable for a restore, in a private folder that is destroyed at its end."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from cli.exits import CommandError, Exit
from cli.local.restore import Source
from shared.domain.errors import InvalidInput
from shared.services.operations import backups, encrypted_backups
from shared.services.operations.backups import BackupDamaged
from shared.services.operations.encrypted_backups import SEALED_DUMP, SEALED_KEYS
from shared.vault.durable import shred


@contextmanager
def decrypted(source: Source, identity: Path | None) -> Iterator[Source]:
    """The backup as ``restore`` reads it; one that is not encrypted as it is. Raises CommandError."""
    dump = source.folder / SEALED_DUMP
    sealed = [path for path in (dump, (source.keys or source.folder) / SEALED_KEYS) if path.exists()]
    if not sealed:
        yield source
        return
    if identity is None:
        raise CommandError("The backup is encrypted: name the private key with --identity.", Exit.USAGE)
    with TemporaryDirectory(prefix="sessionscribe-restore-") as folder:
        try:
            yield _read(source, sealed, Path(folder), identity)
        finally:
            for path in Path(folder).rglob("*"):
                if path.is_file():
                    shred(path)


def _read(source: Source, sealed: list[Path], folder: Path, identity: Path) -> Source:
    dump, keys = folder / backups.DUMP, folder / "keys"
    try:
        by = encrypted_backups.identities(identity)
        for path in sealed:
            if path.name == SEALED_DUMP:
                encrypted_backups.decrypt(path, dump, by)
                source = replace(source, decrypted_dump=dump)
            else:
                encrypted_backups.read_keys(path.parent, keys, by)
                source = replace(source, keys=keys)
    except InvalidInput as error:
        raise CommandError(str(error), Exit.USAGE) from error
    except BackupDamaged as error:
        raise CommandError(f"The backup cannot be restored: {error}.", Exit.FAILED) from error
    return source

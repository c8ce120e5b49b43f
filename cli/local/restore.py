"""Restoring a backup into an empty deployment.

What can be repeated comes first: objects, then keys. The database comes last, in one transaction, and holds
a table that says that the restore has not ended until everything that was taken away since is taken away
again. A restore that stopped, wherever that was, is begun anew by the same command.
"""

import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cli.exits import CommandError, Exit
from cli.local import deployment, unfinished_restore
from cli.local.accounts import resources_of
from cli.local.deployment import Deployment
from cli.local.schema import bring_up_to_date
from embedded import state
from embedded.dumping import DumpFailed, load
from embedded.launch import launched
from embedded.postgres import EmbeddedPostgres
from embedded.private_files import private_folder
from embedded.server import EmbeddedServerError, bare_environment
from shared.db.connection.engine import Database, DatabaseError
from shared.domain.errors import DomainError
from shared.domain.removals import Entry
from shared.services.operations import anchors, backups, removals
from shared.services.operations.backups import BackupDamaged
from shared.services.subject_keys import rotation, values
from shared.settings import Settings
from shared.storage.local_store import LocalStore
from shared.storage.opening import open_store
from shared.vault import subject_rotation
from shared.vault.keystore import KeyStore, KeyStoreError

_FAILURES = (BackupDamaged, DumpFailed, DomainError, DatabaseError, KeyStoreError, EmbeddedServerError)
NO_KEYS = (
    "There are no keys: nothing can be read, and nothing was taken away again. The restore has not ended: "
    "run it again with --keys-from."
)
_CLOSED = (
    "{} patients cannot be read: their keys were rotated since. Restore the backup again, into an empty "
    "place, with --keys-from and the backup of the keys that was made with it."
)
AGAIN = "Remove the cause and run the same command again: it begins anew."


@dataclass(frozen=True)
class Source:
    """The backup, the backup of its keys (None: they are there, or are lost), and later lists of removals."""

    folder: Path
    keys: Path | None
    later: Sequence[Path] = ()
    keep_api_keys: bool = False
    decrypted_dump: Path | None = None
    later_keys: Path | None = None

    @property
    def dump(self) -> Path:
        """The database's dump."""
        return self.decrypted_dump or self.folder / backups.DUMP


def restore(data: Path, source: Source) -> list[str]:
    """Fill the deployment of the environment, or a new stack in ``data``; gives what to tell of it."""
    try:
        _check(source)
        entries = _removals(source)
    except (BackupDamaged, KeyStoreError) as error:
        raise CommandError(f"The backup cannot be restored: {error}.", Exit.FAILED) from error
    try:
        with _target(data) as target:
            _check_target(target.settings, source)
            told = list(_fill(target.settings, source))
            if not (target.settings.keys_dir / "root.key").exists():
                return [*told, NO_KEYS]
            told += _take_away_again(target.settings, source, entries)
            unfinished_restore.end(target.settings.owner_url)
    except _FAILURES as error:
        raise CommandError(f"The restore stopped: {error} {AGAIN}", Exit.FAILED) from error
    unfinished_restore.forget_in(data)
    return told


def _check(source: Source) -> None:
    """Raise BackupDamaged or KeyStoreError unless all of the backup is there, before anything is made."""
    for path in (source.dump, source.folder / backups.MANIFEST):
        if not path.exists():
            raise BackupDamaged(f"{path.name} is missing in {source.folder}")
    if not removals.is_in(source.folder):
        raise BackupDamaged(f"{removals.FILE} is missing in {source.folder}")
    if (source.folder / backups.LISTING).exists():
        backups.verify_objects(source.folder)
    if source.keys is not None:
        KeyStore(source.keys, deployment.root_key_command())


def _removals(source: Source) -> list[Entry]:
    """What this backup and those beside it tell of removals."""
    beside = [path for path in source.folder.resolve().parent.iterdir() if removals.is_in(path)]
    return [entry for path in (*beside, *source.later) for entry in removals.read(path)]


@contextmanager
def _target(data: Path) -> Iterator[Deployment]:
    """The deployment to be filled: its database runs and is empty."""
    if deployment.is_elsewhere():
        yield deployment.find(data)
        return
    if state.status(data) or (
        (data / "postgres" / "cluster").exists() and not unfinished_restore.is_in(data)
    ):
        raise CommandError(f"There is a stack in {data}: name a new folder with --data.", Exit.REFUSED)
    private_folder(data, 0o711)
    unfinished_restore.note_in(data)
    with _running(data) as postgres:
        postgres.create_database()
        yield deployment.find(data)


@contextmanager
def _running(data: Path) -> Iterator[EmbeddedPostgres]:
    postgres = EmbeddedPostgres(data / "postgres")
    postgres.prepare()
    with (data / "restore.log").open("ab") as log:
        server = subprocess.Popen(  # noqa: S603 - a program from our own wheel, no shell
            launched(postgres.command(), postgres.stop_signal),
            cwd="/", env=bare_environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        postgres.wait_ready()
        yield postgres
    finally:
        server.send_signal(signal.Signals(postgres.stop_signal))
        server.wait(timeout=60)


def _check_target(known: Settings, source: Source) -> None:
    """Refuse a place that holds something else, before anything of it is changed."""
    unfinished_restore.require_room(known.owner_url)
    root = known.keys_dir / "root.key"
    if source.keys is None or not root.exists():
        return
    if root.read_bytes() != (source.keys / "root.key").read_bytes():
        raise CommandError(
            "SESSIONSCRIBE_KEYS_DIR holds another key store, which a restore would replace. Name another.",
            Exit.REFUSED,
        )


def _fill(known: Settings, source: Source) -> Iterator[str]:
    store = open_store(known.storage_url, known.s3)
    if isinstance(store, LocalStore):
        store.set_up()
    if (source.folder / backups.LISTING).exists():
        yield f"{backups.return_objects(source.folder, store)} objects are restored."
    if source.keys is not None:
        yield f"{backups.copy_keys(source.keys, known.keys_dir)} keys are restored."
    unfinished_restore.begin(known.owner_url)
    load(known.owner_url, source.dump)
    bring_up_to_date(known.owner_url)
    yield "The database is restored, and its schema up to date."


def _take_away_again(known: Settings, source: Source, entries: Sequence[Entry]) -> Iterator[str]:
    with closing(Database(known.database_url, pool_size=1)) as database:
        keys = KeyStore(known.keys_dir, known.root_key_command)
        anchors.tie_keys(database, keys)
        if source.later_keys is not None:
            later = KeyStore(source.later_keys, known.root_key_command)
            yield f"{subject_rotation.add_versions_of(keys, later)} keys have later versions too."
        resources = resources_of(known, database, keys)
        came_back = removals.apply_again(resources, entries)
        yield f"{came_back} removals since the backup were undone by it, and are done again."
        closed = [
            values.closed_patients(database, resources.vault, each) for each in rotation.practices(database)
        ]
        count = removals.end_access(resources, keys_too=not source.keep_api_keys)
    if any(closed):
        yield _CLOSED.format(sum(closed))
    yield "Everybody is signed out. Invitations, codes, emergency accesses and open supervision have ended."
    if source.keep_api_keys:
        yield "API keys work as they did when the backup was made, but those revoked since."
    else:
        yield (
            f"All API keys ({count}) are revoked: one may have leaked since. With a code of `sessionscribe "
            "recover ID` a person makes a new one."
        )

"""Restoring a backup into an empty deployment."""

import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2

from cli.exits import CommandError, Exit
from cli.local import deployment
from cli.local.deployment import Deployment
from cli.local.schema import bring_up_to_date
from embedded import state
from embedded.dumping import DumpFailed, load
from embedded.launch import launched
from embedded.postgres import EmbeddedPostgres
from embedded.private_files import private_folder
from embedded.server import EmbeddedServerError, bare_environment
from migrations.row_security import role_statements
from shared.db.connection.engine import Database
from shared.domain.errors import DomainError
from shared.services.operations import anchors, backups
from shared.services.operations.backups import BackupDamaged, Erased
from shared.settings import Settings
from shared.storage.local_store import LocalStore
from shared.storage.opening import open_store
from shared.storage.recordings import Recordings
from shared.vault.keystore import KeyStore, KeyStoreError


def restore(data: Path, folder: Path, keys_from: Path | None, later: Sequence[Path]) -> list[str]:
    """Fill the deployment of the environment, or a new stack in ``data``; gives what to tell of it."""
    try:
        _check(folder)
        erased = _erased(folder, later)
        with _target(data) as target:
            return list(_fill(target.settings, folder, keys_from, erased))
    except (BackupDamaged, DumpFailed) as error:
        raise CommandError(f"The backup cannot be restored: {error}.", Exit.FAILED) from error
    except (DomainError, KeyStoreError, EmbeddedServerError) as error:
        raise CommandError(f"The restoration stopped: {error}", Exit.FAILED) from error


def _check(folder: Path) -> None:
    for name in (backups.DUMP, backups.MANIFEST, backups.ERASED):
        if not (folder / name).exists():
            raise BackupDamaged(f"{name} is missing in {folder}")
    if (folder / backups.LISTING).exists():
        backups.verify_objects(folder)


def _erased(folder: Path, later: Sequence[Path]) -> list[Erased]:
    """What this backup and those beside it tell of deleted sessions."""
    beside = [path for path in folder.resolve().parent.iterdir() if (path / backups.ERASED).exists()]
    return [one for path in (*beside, *later) for one in backups.read_erased(path / backups.ERASED)]


@contextmanager
def _target(data: Path) -> Iterator[Deployment]:
    """The deployment to be filled: its database runs and is empty, its key store and storage too."""
    if deployment.is_elsewhere():
        yield _empty(deployment.find(data))
        return
    if (data / "postgres" / "cluster").exists() or state.status(data):
        raise CommandError(f"There is a stack in {data}: name a new folder with --data.", Exit.REFUSED)
    private_folder(data, 0o711)
    postgres = EmbeddedPostgres(data / "postgres")
    postgres.prepare()
    with (data / "restore.log").open("ab") as log:
        server = subprocess.Popen(  # noqa: S603 - a program from our own wheel, no shell
            launched(postgres.command(), postgres.stop_signal),
            cwd="/", env=bare_environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        postgres.wait_ready()
        postgres.create_database()
        yield _empty(deployment.find(data))
    finally:
        server.send_signal(signal.Signals(postgres.stop_signal))
        server.wait(timeout=60)


def _empty(target: Deployment) -> Deployment:
    with closing(_connect(target.settings)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        if cursor.fetchone() != (0,):
            raise CommandError("The database is not empty; restore into a new one.", Exit.REFUSED)
    return target


def _connect(known: Settings) -> psycopg2.extensions.connection:
    try:
        return psycopg2.connect(known.database_url.replace("+psycopg2", ""))
    except psycopg2.Error:
        raise CommandError("The database does not answer, or refuses the login.", Exit.UNAVAILABLE) from None


def _fill(known: Settings, folder: Path, keys_from: Path | None, erased: Sequence[Erased]) -> Iterator[str]:
    with closing(_connect(known)) as connection, connection, connection.cursor() as cursor:
        for statement in role_statements():
            cursor.execute(statement)
    load(known.database_url, folder / backups.DUMP)
    bring_up_to_date(known.database_url)
    yield "The database is restored, and its schema up to date."
    store = open_store(known.storage_url, known.s3)
    if isinstance(store, LocalStore):
        store.set_up()
    if (folder / backups.LISTING).exists():
        yield f"{backups.return_objects(folder, store)} objects are restored."
    if keys_from is not None:
        yield f"{backups.copy_keys(keys_from, known.keys_dir)} keys are restored."
    elif not (known.keys_dir / "root.key").exists():
        yield "No keys were restored: nothing can be read, and no API key is taken. Nothing was erased again."
        return
    keys = KeyStore(known.keys_dir)
    with closing(Database(known.database_url, pool_size=1)) as database:
        anchors.tie_keys(database, keys)
        came_back = backups.erase_again(database, Recordings(store, keys), keys, erased)
    yield f"{len(set(erased))} deleted sessions are erased again; {came_back} of them had come back."

"""The commands ``backup`` and ``restore``: a deployment's database, objects and keys, to folders and back.

What they need is imported when they run; see ``cli.commands.server``.
"""

from pathlib import Path

import click
from rich.text import Text

from cli.options import EPILOG, pass_target
from cli.output import console
from cli.profile import Target

FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command(epilog=EPILOG, short_help="Back up database, recordings and keys.")
@click.option("--to", "folder", type=FOLDER, required=True, help="Where the backup goes.")
@click.option("--keys-to", type=FOLDER, help="Where the key store goes: another disk, another safe.")
@click.option("--objects/--no-objects", default=True, help="Without, where the bucket has copies of its own.")
@click.option("--erased-only", is_flag=True, help="Only the ids of deleted sessions: for every hour.")
@pass_target
def backup(target: Target, folder: Path, keys_to: Path | None, objects: bool, erased_only: bool) -> None:
    """Back up the database, the recordings and, to another place, the keys.

    Run it on the server, while everything goes on: of DATABASE_URL, STORAGE_URL and
    SESSIONSCRIBE_KEYS_DIR, or of the stack in --data. For a database of your own name a user with
    BYPASSRLS in SESSIONSCRIBE_BACKUP_DATABASE_URL.
    """
    from cli.local import backup_writer, deployment

    found = deployment.find(target.data)
    done = backup_writer.back_up(found, folder, keys_to, objects=objects, erased_only=erased_only)
    for line in done:
        console.notices().print(Text(line))


@click.command(epilog=EPILOG, short_help="Restore a backup into an empty deployment.")
@click.option("--from", "folder", type=FOLDER, required=True, help="The backup.")
@click.option("--keys-from", type=FOLDER, help="The backup of its keys.")
@click.option("--erased", "erased", multiple=True, type=FOLDER, help="Later backups, for what they erased.")
@pass_target
def restore(target: Target, folder: Path, keys_from: Path | None, erased: tuple[Path, ...]) -> None:
    """Restore a backup into an empty deployment, and erase again what was deleted since.

    The ids of deleted sessions are taken from this backup, from --erased, and from every backup in
    the folder that this one lies in. Nothing may run meanwhile. Without the keys nothing can be read.
    """
    from cli.local import restore as restoring

    for line in restoring.restore(target.data, folder, keys_from, erased):
        console.notices().print(Text(line))

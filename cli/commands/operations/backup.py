"""The commands ``backup`` and ``restore``: a deployment's database, objects and keys, to folders and back.

What they need is imported when they run; see ``cli.commands.operations.server``.
"""

from pathlib import Path

import click
from rich.text import Text

from cli.options import EPILOG, pass_target
from cli.output import console
from cli.profile import Target

FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command(epilog=EPILOG, short_help="Back up database, recordings and keys.")
@click.option("--to", "folder", type=FOLDER, required=True, help="Folder for the backup.")
@click.option("--keys-to", type=FOLDER, help="Folder for the keys: on another disk, in another safe.")
@click.option("--objects/--no-objects", default=True, help="Without, where the bucket has copies of its own.")
@click.option(
    "--removals-only",
    "--erased-only",
    "removals_only",
    is_flag=True,
    help="Write only the list of removals, for hourly runs. (--erased-only is the former name.)",
)
@click.option(
    "--recipient",
    "recipients",
    multiple=True,
    metavar="AGE1…",
    help="Encrypt database and keys to this public key of age-keygen. May be repeated.",
)
@pass_target
def backup(
    target: Target,
    folder: Path,
    keys_to: Path | None,
    objects: bool,
    removals_only: bool,
    recipients: tuple[str, ...],
) -> None:
    """Back up the database, the recordings and, to another place, the keys.

    Run it on the server, while everything goes on: of DATABASE_URL, STORAGE_URL and
    SESSIONSCRIBE_KEYS_DIR, or of the stack in --data. For a database of your own name a user with
    BYPASSRLS in SESSIONSCRIBE_BACKUP_DATABASE_URL.
    """
    from cli.local import backup_writer, deployment

    found = deployment.find(target.data)
    wanted = backup_writer.Wanted(folder, keys_to, objects, removals_only, recipients)
    for line in backup_writer.back_up(found, wanted):
        console.notices().print(Text(line))


@click.command(epilog=EPILOG, short_help="Restore a backup into an empty deployment.")
@click.option("--from", "folder", type=FOLDER, required=True, help="Folder of the backup.")
@click.option("--keys-from", type=FOLDER, help="Folder of the backup of its keys.")
@click.option(
    "--removals",
    "--erased",
    "later",
    multiple=True,
    type=FOLDER,
    help="Later backups, for what was taken away. (--erased is its name of before.)",
)
@click.option(
    "--identity",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    help="The file with the private key, if the backup is encrypted.",
)
@click.option(
    "--later-keys",
    type=FOLDER,
    help="Newer key store. Needed if vault rotate subject ran after the backup.",
)
@click.option("--keep-api-keys", is_flag=True, help="Let API keys work on. Default: all are revoked.")
@pass_target
def restore(
    target: Target,
    folder: Path,
    keys_from: Path | None,
    later: tuple[Path, ...],
    identity: Path | None,
    later_keys: Path | None,
    keep_api_keys: bool,
) -> None:
    """Restore a backup into an empty deployment, and take away again what was taken away since.

    That is: deleted sessions, patients and process notes, withdrawn consent, ranges off the record, revoked
    keys, disabled people, removed webhooks. The lists are taken from this backup, from --removals, and from
    every backup in the folder that this one lies in. Nothing may run meanwhile. Without the keys nothing can
    be read. A restore that stopped is run again.
    """
    from cli.local import decrypting
    from cli.local import restore as restoring

    source = restoring.Source(folder, keys_from, later, keep_api_keys, later_keys=later_keys)
    with decrypting.decrypted(source, identity) as readable:
        told = restoring.restore(target.data, readable)
    for line in told:
        console.notices().print(Text(line))

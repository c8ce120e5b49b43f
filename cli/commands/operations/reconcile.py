"""The command that compares rows, stored objects and keys, on the machine of the service itself."""

import click
from rich.text import Text

from cli.exits import CommandError, Exit
from cli.options import EPILOG, json_option, pass_target
from cli.output import console
from cli.output.tables import table
from cli.profile import Target
from shared import logs
from shared.db.connection.engine import Database, DatabaseError
from shared.domain.errors import Unavailable
from shared.services.operations import reconciliation
from shared.services.operations.reconciliation import Findings, Places
from shared.settings import Settings
from shared.storage.opening import open_store
from shared.vault.keystore import KeyStore, KeyStoreError

_SAYS = {
    "object": "stored objects that no session owns",
    "key": "keys that nothing owns",
    "recording_missing": "sessions whose recording is missing: restore it from a backup",
    "key_missing": "sessions whose key is missing: restore the key store from a backup",
    "foreign": "objects of no practice of this database; never removed",
}
_SHOWN = 20


@click.command(epilog=EPILOG, short_help="Compare rows, stored objects and keys.")
@click.option("--remove", is_flag=True, help="Remove the objects and keys that nothing owns.")
@click.option(
    "--even-if-many", is_flag=True, help="Also if so many have no owner that the database looks wrong."
)
@click.option(
    "--grace-hours",
    type=click.FloatRange(1),
    default=24.0,
    show_default=True,
    help="Skip objects and keys that are younger.",
)
@json_option
@pass_target
def reconcile(target: Target, remove: bool, even_if_many: bool, grace_hours: float, as_json: bool) -> None:
    """Compare rows, stored objects and keys, of the environment's settings or of the stack in --data."""
    from cli.local import deployment  # needed on the server alone, like the drivers behind it

    known = deployment.find(target.data).settings
    logs.configure("reconcile", "ERROR")  # or what is logged stands between the results
    try:
        found = reconciliation.reconcile(
            _places(known),
            grace_seconds=grace_hours * 3600,
            remove=remove,
            even_if_many=even_if_many,
        )
    except (KeyStoreError, ValueError) as error:
        raise CommandError(str(error), Exit.USAGE) from None
    except (Unavailable, DatabaseError):
        raise CommandError("The database, the storage or the key store is away.", Exit.UNAVAILABLE) from None
    _show(found, remove=remove, as_json=as_json)


def _places(known: Settings) -> Places:
    store = open_store(known.storage_url, known.s3)
    return Places(
        Database(known.database_url, pool_size=1), store, KeyStore(known.keys_dir, known.root_key_command)
    )


def _show(found: Findings, *, remove: bool, as_json: bool) -> None:
    if as_json:
        console.print_json(_document(found))
        return
    rows = [(count, _SAYS[kind]) for kind, count in found.counts.items() if count]
    table(console.results(), ("Count", "What"), rows, "Everything has its counterpart.")
    for name in [*found.objects, *map(str, [*found.recordings_missing, *found.keys_missing])][:_SHOWN]:
        console.results().print(Text(f"  {name}"), soft_wrap=True)
    if found.objects or found.keys:
        _say_what_was_removed(found, remove=remove)


def _say_what_was_removed(found: Findings, *, remove: bool) -> None:
    if remove and found.is_suspicious and not found.removed:
        raise CommandError(
            "Nothing was removed: so much has no owner that this may be the wrong database, or an older one. "
            "Look first; then --even-if-many.",
            Exit.REFUSED,
        )
    did = (
        f"Removed {found.removed}." if remove else "Nothing was removed; --remove removes what nothing owns."
    )
    console.notices().print(Text(did), soft_wrap=True)


def _document(found: Findings) -> dict[str, object]:
    ids = {
        "keys": found.keys,
        "recordings_missing": found.recordings_missing,
        "keys_missing": found.keys_missing,
    }
    listed = {name: [str(one) for one in of_name] for name, of_name in ids.items()}
    return {"counts": found.counts, "objects": found.objects, **listed, "removed": found.removed}

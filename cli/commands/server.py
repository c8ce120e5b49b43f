"""The commands that run on the server itself: ``up`` and ``setup``.

What they need (database drivers, the supervisor) is imported when they run, so that a client
of a far server starts quickly and works where none of it is installed.
"""

import os

import click
from rich.text import Text

from cli.exits import CommandError, Exit
from cli.options import EPILOG, pass_target
from cli.output import console as screen
from cli.profile import Target


@click.command(epilog=EPILOG, short_help="Run everything on this machine.")
@pass_target
def up(target: Target) -> None:
    """Run everything on this machine, in the foreground, with its data in --data.

    If it runs already, say where.
    """
    from cli.local import stack

    stack.run(target.data, screen.results())


@click.command(epilog=EPILOG, short_help="Set up a deployment of your own.")
@click.option("--practice", required=True, metavar="NAME")
@click.option("--therapist", required=True, metavar="NAME")
def setup(practice: str, therapist: str) -> None:
    """Make the schema, the key store and the first accounts of a deployment of your own.

    Run it on the server, with DATABASE_URL, REDIS_URL, STORAGE_URL and SESSIONSCRIBE_KEYS_DIR
    set. The keys are printed once.
    """
    from cli.local.accounts import make_first_accounts
    from cli.local.schema import bring_up_to_date
    from shared import settings
    from shared.domain.errors import DomainError
    from shared.vault.keystore import KeyStoreError

    try:
        known = settings.load(os.environ)
        bring_up_to_date(known.database_url)
        made = make_first_accounts(known, practice, therapist)
    except settings.SettingsError as error:
        raise CommandError(str(error), Exit.USAGE) from error
    except (KeyStoreError, DomainError) as error:
        raise CommandError(str(error), Exit.FAILED) from error
    console = screen.results()
    if made.administrator_code:
        line = (
            f"One-time code for the first administrator, at /first-administrator: {made.administrator_code}"
        )
        console.print(Text(line), soft_wrap=True)
    if made.therapist_key is None:
        console.print(
            Text("The practice exists already; nothing was made. For keys: sessionscribe keys create")
        )
        return
    screen.notices().print(Text("Keep these keys; they are not shown again."))
    for label, key in (("administrator", made.administrator_key), ("therapist", made.therapist_key)):
        console.print(Text(f"{label:<14} {key}"), soft_wrap=True)

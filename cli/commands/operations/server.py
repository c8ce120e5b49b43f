"""The commands that run on the server itself: ``up`` and ``setup``.

What they need (database drivers, the supervisor) is imported when they run, so that a client
of a far server starts quickly and works where none of it is installed.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import click
from rich.text import Text

from cli.exits import CommandError, Exit
from cli.options import EPILOG, pass_target
from cli.output import console as screen
from cli.profile import Target

REDEEM = "It makes a key for 72 hours, once: sessionscribe --url URL keys redeem"


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
    set. It prints an enrolment code for each of the two people, once.
    """
    from cli.local.accounts import make_first_accounts
    from cli.local.release import prepare_schema
    from shared import settings

    with _errors_as_ours():
        known = settings.load(os.environ)
        prepare_schema(known)
        made = make_first_accounts(known, practice, therapist)
    console = screen.results()
    if made.administrator_code:
        line = (
            f"One-time code for the first administrator, at /first-administrator: {made.administrator_code}"
        )
        console.print(Text(line), soft_wrap=True)
    if made.therapist_enrolment is None:
        console.print(
            Text("The practice exists already; nothing was made. Lost keys: sessionscribe recover ID")
        )
        return
    screen.notices().print(Text(f"Hand each enrolment code to its person. {REDEEM}"))
    for label, code in (
        ("administrator", made.administrator_enrolment),
        ("therapist", made.therapist_enrolment),
    ):
        console.print(Text(f"{label:<14} {code}"), soft_wrap=True)


@click.command(epilog=EPILOG, short_help="Print an enrolment code for lost keys.")
@click.argument("therapist_id", type=click.UUID, metavar="ID")
@click.option(
    "--sign-in", is_flag=True, help="Print a code to sign in with a browser, typed at /first-administrator."
)
@pass_target
def recover(target: Target, therapist_id: UUID, sign_in: bool) -> None:
    """Print an enrolment code for a person who has lost all their keys, or needs other scopes.

    Run it on the server: of DATABASE_URL and SESSIONSCRIBE_KEYS_DIR, or of the stack in --data. The
    code opens the person's records: make sure who asks, and revoke the lost keys.
    """
    from cli.local import accounts, deployment

    with _errors_as_ours():
        known = deployment.find(target.data).settings
        if sign_in:
            code = accounts.recover_sign_in(known, therapist_id)
            screen.results().print(Text(code), soft_wrap=True)
            return
        issued = accounts.recover(known, therapist_id)
    screen.notices().print(Text(f"Hand the code to the person. {REDEEM}"))
    screen.results().print(Text(issued.code), soft_wrap=True)


@click.command("break-glass", epilog=EPILOG, short_help="Print a code for an emergency administrator.")
@click.option("--practice", required=True, metavar="NAME")
@pass_target
def break_glass(target: Target, practice: str) -> None:
    """Print a one-time code for a new administrator, who signs in by passphrase in any case.

    For when the OpenID provider is away or no administrator can sign in. Run it on the server: of
    DATABASE_URL and SESSIONSCRIBE_KEYS_DIR, or of the stack in --data. Type the code at /first-administrator.
    """
    from cli.local import accounts, deployment

    with _errors_as_ours():
        code = accounts.break_glass(deployment.find(target.data).settings, practice)
    screen.results().print(Text(code), soft_wrap=True)


@contextmanager
def _errors_as_ours() -> Iterator[None]:
    from shared.domain.errors import DomainError
    from shared.settings import SettingsError
    from shared.vault.keystore import KeyStoreError

    try:
        yield
    except SettingsError as error:
        raise CommandError(str(error), Exit.USAGE) from error
    except (KeyStoreError, DomainError) as error:
        raise CommandError(str(error), Exit.FAILED) from error

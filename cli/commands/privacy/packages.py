"""The command ``rights package``: the copy of a whole record for its patient."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

import click
from rich.text import Text

from cli.exits import CommandError, Exit
from cli.http.client import EXPORT_TIMEOUT, Api, JsonObject
from cli.http.retrying import Patience
from cli.options import EPILOG, connect, pass_target, patient_id
from cli.output import console
from cli.output.progress import Display, display
from cli.profile import Target

_PASSWORD_BYTES = 15
_POLL_SECONDS = 1.0
_PREPARING, _FETCHING = "Preparing", "Fetching"


@click.command(epilog=EPILOG)
@click.argument("patient", metavar="ID|NAME")
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The file; an existing one is not replaced.",
)
@click.option("--request", metavar="REQUEST", help="The request for access that this fulfils.")
@click.option(
    "--password-file",
    type=click.File(encoding="utf-8"),
    help="A file that holds the password. Default: a new one is made and printed.",
)
@click.option(
    "--recipient", metavar="KEY", help="Encrypt with age to this public key, which begins with age1."
)
@click.option(
    "--package", "package_id", metavar="PACKAGE", help="Package to fetch. Default: a new one is made."
)
@pass_target
def package(
    target: Target,
    patient: str,
    output: Path,
    request: str | None,
    password_file: TextIO | None,
    recipient: str | None,
    package_id: str | None,
) -> None:
    """Write all that a patient may have into one encrypted ZIP file.

    The server prepares it in the background; it can be fetched once. Psychotherapy notes are left out. Give
    the password to the patient by another way than the file.
    """
    with connect(target) as api, _new_file(output) as file, display(console.notices()) as shown:
        path = f"/api/patients/{patient_id(api, patient)}/packages"
        if package_id is None:
            package_id = _ask(api, path, request, password_file, recipient)
        _wait(api, f"{path}/{package_id}", shown)
        shown.begin(_FETCHING)
        api.download(f"{path}/{package_id}/file", file, lambda _: None, EXPORT_TIMEOUT)
        shown.finish(_FETCHING)
    console.results().print(Text(str(output)), soft_wrap=True)


@contextmanager
def _new_file(output: Path) -> Iterator[BinaryIO]:
    """A new file, which goes again if the block raises."""
    try:
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise CommandError(f"{output} exists. Name another file.", Exit.USAGE) from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
    except BaseException:
        output.unlink(missing_ok=True)
        raise


def _ask(
    api: Api, path: str, request: str | None, password_file: TextIO | None, recipient: str | None
) -> str:
    """Ask for the package; a password that is made here is shown before anything can go wrong."""
    password = password_file.read().strip() if password_file else secrets.token_urlsafe(_PASSWORD_BYTES)
    lock = {"recipient": recipient} if recipient else {"password": password}
    made = api.send("POST", path, {**lock, **({"request_id": request} if request else {})})
    notices = console.notices()
    if not password_file and not recipient:
        notices.print(Text(f"The password, shown once: {password}"), soft_wrap=True)
    notices.print(Text(f"If this breaks off, go on with --package {made['id']}."), soft_wrap=True)
    return str(made["id"])


def _wait(api: Api, path: str, shown: Display) -> None:
    """Until the package is ready; raises CommandError if it ends before."""
    patience, begun = Patience(), False
    while True:
        found: JsonObject = patience(lambda: api.document(path))
        if found.get("state") not in ("waiting", "preparing"):
            break
        if not begun:
            shown.begin(_PREPARING)
            begun = True
        shown.reach(_PREPARING, found.get("parts_done", 0) / (found.get("parts_total") or 1))
        patience.pause(_POLL_SECONDS)
    if begun:
        shown.finish(_PREPARING, "done" if found.get("state") == "ready" else str(found.get("state")))
    if found.get("state") != "ready":
        raise CommandError(f"The package is {found.get('state')}. Ask for a new one.", Exit.FAILED)

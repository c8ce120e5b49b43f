"""The commands ``rights …``: what patients ask of their records, and the copy that they get."""

import os
import secrets
from pathlib import Path
from typing import TextIO

import click
from rich.text import Text

from cli.exits import CommandError, Exit
from cli.options import EPILOG, Moment, connect, json_option, pass_target, patient_id
from cli.output import console
from cli.output.note_texts import text_of, text_options
from cli.output.rendering import day
from cli.output.tables import table
from cli.profile import Target

KINDS = ("access", "amendment", "restriction")  # those that the API takes
_PATIENT = click.argument("patient", metavar="ID|NAME")
_PASSWORD_BYTES = 15


@click.group(epilog=EPILOG)
def rights() -> None:
    """Requests of patients: a copy, an amendment."""


@rights.command("list", epilog=EPILOG)
@_PATIENT
@json_option
@pass_target
def list_requests(target: Target, patient: str, as_json: bool) -> None:
    """List what a patient asked for, and when it is due."""
    with connect(target) as api:
        found = list(api.listing(f"/api/patients/{patient_id(api, patient)}/requests", {}))
    _print(found, found, as_json)


@rights.command(epilog=EPILOG)
@_PATIENT
@click.option("--kind", type=click.Choice(KINDS), required=True, help="What is asked for.")
@click.option("--session", "session_id", metavar="ID", help="Whose notes; needed for an amendment.")
@click.option("--received", type=Moment(), metavar="DATE", help="When it was received. Default: now.")
@text_options
@json_option
@pass_target
def ask(
    target: Target,
    patient: str,
    kind: str,
    session_id: str | None,
    received: str | None,
    text: str | None,
    file: TextIO | None,
    as_json: bool,
) -> None:
    """Note what a patient asks for, in their own words."""
    body: dict[str, object] = {"kind": kind, "words": text_of(text, file)}
    body |= {"session_id": session_id} if session_id else {}
    body |= {"received_at": received} if received else {}
    with connect(target) as api:
        made = api.send("POST", f"/api/patients/{patient_id(api, patient)}/requests", body)
    _print(made, [made], as_json)


@rights.command(epilog=EPILOG)
@_PATIENT
@click.argument("request", metavar="REQUEST")
@click.option(
    "--status",
    type=click.Choice(("fulfilled", "denied", "ended")),
    required=True,
    help="What becomes of it; `ended` is for a restriction.",
)
@click.option("--answer", help="What the patient gets to read; needed for a denial.")
@json_option
@pass_target
def decide(
    target: Target, patient: str, request: str, status: str, answer: str | None, as_json: bool
) -> None:
    """Answer a request."""
    body = {"status": status, **({"answer": answer} if answer else {})}
    with connect(target) as api:
        path = f"/api/patients/{patient_id(api, patient)}/requests/{request}/decision"
        made = api.send("POST", path, body)
    _print(made, [made], as_json)


@rights.command(epilog=EPILOG)
@_PATIENT
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
@pass_target
def package(
    target: Target, patient: str, output: Path, request: str | None, password_file: TextIO | None
) -> None:
    """Write all that a patient may have into one encrypted ZIP file.

    Psychotherapy notes are left out. Give the password to the patient by another way than the file.
    """
    password = password_file.read().strip() if password_file else secrets.token_urlsafe(_PASSWORD_BYTES)
    body = {"password": password, **({"request_id": request} if request else {})}
    with connect(target) as api:
        path = f"/api/patients/{patient_id(api, patient)}/package"
        try:
            with os.fdopen(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                api.receive(path, body, file)
        except FileExistsError:
            raise CommandError(f"{output} exists. Name another file.", Exit.USAGE) from None
        except BaseException:
            output.unlink(missing_ok=True)
            raise
    if not password_file:
        console.notices().print(Text(f"The password, shown once: {password}"), soft_wrap=True)
    console.results().print(Text(str(output)), soft_wrap=True)


def _print(as_it_is: object, rows: list[dict[str, object]], as_json: bool) -> None:
    if as_json:
        console.print_json(as_it_is)
        return
    cells = [
        (
            one.get("id"),
            one.get("kind"),
            one.get("status"),
            day(one.get("received_at")),
            day(one.get("due_at")),
        )
        for one in rows
    ]
    table(console.results(), ("Request", "Kind", "Status", "Received", "Due"), cells, "No requests.")

"""The commands ``rights …``: what patients ask of their records, and the copy that they get."""

from typing import TextIO

import click

from cli.commands.privacy.packages import package
from cli.options import EPILOG, Moment, connect, json_option, pass_target, patient_id
from cli.output import console
from cli.output.note_texts import text_of, text_options
from cli.output.rendering import day
from cli.output.tables import table
from cli.profile import Target

KINDS = ("access", "amendment", "restriction")  # those that the API takes
_PATIENT = click.argument("patient", metavar="ID|NAME")


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
    help="Decision on the request; `ended` ends a restriction.",
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


rights.add_command(package)


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

"""The commands ``emergency …``: a colleague's patient, for a day and with a reason."""

from typing import Any
from uuid import UUID

import click

from cli.options import EPILOG, connect, json_option, pass_target
from cli.output import console
from cli.output.rendering import moment
from cli.output.tables import table
from cli.profile import Target

_PATH = "/api/emergency-access"
_ACCESS = click.argument("access", metavar="ACCESS")


@click.group(epilog=EPILOG)
def emergency() -> None:
    """Emergency access to a colleague's patient."""


@emergency.command(epilog=EPILOG)
@click.argument("patient", metavar="ID|NAME")
@click.option("--reason", required=True, help="Why you need the record now; your colleague reads it.")
@json_option
@pass_target
def begin(target: Target, patient: str, reason: str, as_json: bool) -> None:
    """Open the record of a colleague's patient for 24 hours."""
    try:
        whom = {"patient_id": str(UUID(patient))}
    except ValueError:
        whom = {"name": patient}
    with connect(target) as api:
        made = api.send("POST", _PATH, {"reason": reason, **whom})
    _print(made, [made], as_json)


@emergency.command("list", epilog=EPILOG)
@json_option
@pass_target
def list_accesses(target: Target, as_json: bool) -> None:
    """List your accesses, and those of others to your patients."""
    with connect(target) as api:
        found = list(api.listing(_PATH, {}))
    _print(found, found, as_json)


@emergency.command(epilog=EPILOG)
@_ACCESS
@click.option("--session", "session_id", metavar="ID", help="One session, whole. Default: the list of all.")
@pass_target
def read(target: Target, access: str, session_id: str | None) -> None:
    """Print the sessions of the patient as JSON, or one with transcript and notes."""
    with connect(target) as api:
        if session_id:
            console.print_json(api.document(f"{_PATH}/{access}/sessions/{session_id}"))
        else:
            console.print_json(list(api.listing(f"{_PATH}/{access}/sessions", {})))


@emergency.command(epilog=EPILOG)
@_ACCESS
@pass_target
def end(target: Target, access: str) -> None:
    """End an access before its time."""
    with connect(target) as api:
        api.send("POST", f"{_PATH}/{access}/end")


@emergency.command(epilog=EPILOG)
@_ACCESS
@pass_target
def seen(target: Target, access: str) -> None:
    """Acknowledge an access to your patient."""
    with connect(target) as api:
        api.send("POST", f"{_PATH}/{access}/seen")


def _print(as_it_is: Any, rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        console.print_json(as_it_is)
        return
    cells = [
        (
            one["id"],
            one["therapist"],
            moment(one["started_at"]),
            moment(one["ended_at"] or one["until_at"]),
            "lasts" if one["lasts"] else "ended",
            "yes" if one["seen_at"] else "no",
            one["reason"],
        )
        for one in rows
    ]
    headings = ("Access", "Reader", "Began", "Until", "State", "Acknowledged", "Reason")
    table(console.results(), headings, cells, "No emergency access.")

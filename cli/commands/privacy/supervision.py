"""The commands ``supervision …``: sessions that a supervisor hears and reads."""

from pathlib import Path

import click
from rich.text import Text

from cli.commands.recordings.audio import fetch
from cli.commands.recordings.sessions import SESSION, show_session
from cli.options import EPILOG, connect, json_option, pass_target
from cli.output import console
from cli.output.rendering import moment
from cli.output.tables import table
from cli.profile import Target
from cli.sanitise import one_line

_OPEN = click.argument("session_id", type=click.UUID, metavar="SESSION")


@click.group(epilog=EPILOG, short_help="Sessions that a supervisor hears and reads.")
def supervision() -> None:
    """Open sessions to your supervisor; hear and read those that are open to you."""


@supervision.command("list", epilog=EPILOG)
@json_option
@pass_target
def list_open(target: Target, as_json: bool) -> None:
    """List the sessions that are open to you, and those that you opened."""
    with connect(target) as api:
        found = api.document("/api/supervision")
    if as_json:
        console.print_json(found)
        return
    rows = [
        (one_line(one.get("session_id")), moment(one.get("session_date")), word, one_line(one.get("person")))
        for key, word in (("open", "open to you, from"), ("granted", "opened by you, to"))
        for one in found.get(key) or ()
    ]
    table(console.results(), ("Session", "Date", "", "Person"), rows, "No session is open.")


@supervision.command(epilog=EPILOG)
@SESSION
@pass_target
def grant(target: Target, session_id: str) -> None:
    """Let your supervisor hear and read a session."""
    _change(target, session_id, granted=True)


@supervision.command(epilog=EPILOG)
@SESSION
@pass_target
def revoke(target: Target, session_id: str) -> None:
    """Close a session to your supervisor."""
    _change(target, session_id, granted=False)


@supervision.command(epilog=EPILOG)
@_OPEN
@json_option
@pass_target
def show(target: Target, session_id: object, as_json: bool) -> None:
    """Show a session that is open to you, with transcript and notes."""
    with connect(target) as api:
        found = api.document(f"/api/supervision/sessions/{session_id}")
        if as_json:
            console.print_json(found)
        else:
            show_session(api, found, None)


@supervision.command(epilog=EPILOG)
@_OPEN
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write. Default: SESSION-audio.",
)
@pass_target
def audio(target: Target, session_id: object, output: Path | None) -> None:
    """Fetch the recording of a session that is open to you. The file is not encrypted."""
    fetch(target, f"/api/supervision/sessions/{session_id}", output or Path(f"{session_id}-audio"))


def _change(target: Target, session_id: str, *, granted: bool) -> None:
    with connect(target) as api:
        found = api.send("PUT", f"/api/sessions/{session_id}/supervision", {"granted": granted})
    who = one_line(found.get("supervisor")) or "your supervisor"
    what = "may hear and read it" if found.get("granted_at") else "does not hear or read it"
    console.results().print(Text(f"{session_id}: {who} {what}."))

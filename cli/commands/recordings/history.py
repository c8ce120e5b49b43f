"""The command that shows what happened to a session."""

import click
from rich.console import Console

from cli.commands.recordings.sessions import SESSION
from cli.http.client import JsonObject
from cli.options import EPILOG, connect, json_option, pass_target
from cli.output import console as screen
from cli.output.tables import table
from cli.profile import Target
from cli.sanitise import one_line


@click.command(epilog=EPILOG, short_help="Show each attempt of a session's steps.")
@SESSION
@click.option(
    "--administrator", is_flag=True, help="Show any session of the practice. Needs the administrator's key."
)
@json_option
@pass_target
def history(target: Target, session_id: str, administrator: bool, as_json: bool) -> None:
    """Show each attempt of each step of a session: worker, duration, outcome, code."""
    path = f"/api/sessions/{session_id}/history"
    with connect(target, administrator=administrator) as api:
        found = api.document(f"/api/operations/sessions/{session_id}/history" if administrator else path)
    if as_json:
        screen.print_json(found)
    else:
        _show(screen.results(), found)


def _show(console: Console, found: JsonObject) -> None:
    changes = [(moment(c.get("at")), c.get("status"), c.get("code") or "") for c in found["changes"]]
    table(console, ("At", "Status", "Code"), changes, "No changes.")
    attempts = [
        (
            moment(a.get("started_at")),
            f"{a.get('step')} {a.get('part')}" if a.get("part") else a.get("step"),
            a.get("attempt"),
            "" if a.get("duration_seconds") is None else f"{a['duration_seconds']:.1f} s",
            a.get("outcome"),
            a.get("code") or "",
            a.get("worker"),
        )
        for a in found["attempts"]
    ]
    headings = ("Started", "Step", "Attempt", "Took", "Outcome", "Code", "Worker")
    table(console, headings, attempts, "No attempts yet.")


def moment(value: object) -> str:
    """A time as it was told, to the second."""
    return one_line(value).replace("T", " ")[:19]

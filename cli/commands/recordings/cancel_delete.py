"""The commands that end a session, or its work."""

import click
from rich.text import Text

from cli.commands.recordings.sessions import SESSION
from cli.options import EPILOG, confirm, connect, json_option, pass_target
from cli.output import console
from cli.profile import Target


@click.command(epilog=EPILOG, short_help="Stop the work on a session for good.")
@SESSION
@pass_target
def cancel(target: Target, session_id: str) -> None:
    """Stop the work on a session for good; what was made of it stays."""
    with connect(target) as api:
        api.send("POST", f"/api/sessions/{session_id}/cancel")
    console.notices().print(
        Text(f"Cancelled. To remove it: sessionscribe delete {session_id}"), soft_wrap=True
    )


@click.command(epilog=EPILOG, short_help="Delete a session with all that is in it.")
@SESSION
@click.option(
    "--signed-notes", is_flag=True, help="Also a session with signed notes, which the law may oblige to keep."
)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@json_option
@pass_target
def delete(target: Target, session_id: str, signed_notes: bool, yes: bool, as_json: bool) -> None:
    """Delete a session: recording, transcript, notes and their key. There is no way back."""
    what = "its notes, signed or not," if signed_notes else "its notes"
    confirm(f"The recording, its transcript and {what} will be gone. Delete them?", yes=yes)
    query = "?signed_notes=delete" if signed_notes else ""
    with connect(target) as api:
        receipt = api.send("DELETE", f"/api/sessions/{session_id}{query}")
    if as_json:
        console.print_json(receipt)
    elif receipt.get("erased_at"):
        console.notices().print(Text("Deleted. The key and the recording are gone."), soft_wrap=True)
    else:
        console.notices().print(
            Text("Deleted. The storage is away; the server removes the rest when it is back."), soft_wrap=True
        )

"""The commands ``notes process …``: psychotherapy notes, apart from the record."""

from pathlib import Path
from typing import TextIO

import click
from rich.text import Text

from cli.commands.recordings.sessions import SESSION
from cli.exits import CommandError, Exit
from cli.http.refusals import CallFailed
from cli.options import EPILOG, confirm, connect, json_option, pass_target
from cli.output import console, note_texts
from cli.output.note_texts import text_of, text_options
from cli.profile import Target
from cli.sanitise import plain

_NO_BASE = 428


@click.group(epilog=EPILOG)
def process() -> None:
    """Psychotherapy notes (needs a key with the scopes process-notes:read and process-notes:write)."""


@process.command(epilog=EPILOG)
@SESSION
@json_option
@pass_target
def show(target: Target, session_id: str, as_json: bool) -> None:
    """Show the process notes of your session."""
    with connect(target) as api:
        found = api.document(_path(session_id))
    if as_json:
        console.print_json(found)
        return
    console.notices().print(Text(f"Revision {found.get('revision')}"))
    click.echo(plain(found.get("text")))


@process.command(epilog=EPILOG)
@SESSION
@text_options
@click.option("--revision", type=click.IntRange(1), help="The revision that you have read and replace.")
@json_option
@pass_target
def write(
    target: Target,
    session_id: str,
    text: str | None,
    file: TextIO | None,
    revision: int | None,
    as_json: bool,
) -> None:
    """Write the process notes. What they were before is not kept."""
    headers = {"If-Match": f'"{revision}"'} if revision else {}
    body = {"text": text_of(text, file)}
    with connect(target) as api:
        try:
            made = api.send("PUT", _path(session_id), body, headers)
        except CallFailed as error:
            if error.status != _NO_BASE:
                raise
            raise CommandError(
                "There are process notes already. Read them with `sessionscribe notes process show`, then "
                "name the revision that you replace with --revision.",
                Exit.REFUSED,
            ) from error
    if as_json:
        console.print_json(made)
    else:
        console.notices().print(Text(f"Written: revision {made.get('revision')}."))


@process.command(epilog=EPILOG)
@SESSION
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@pass_target
def remove(target: Target, session_id: str, yes: bool) -> None:
    """Remove the process notes for good."""
    confirm("The process notes will be gone. Remove them?", yes=yes)
    with connect(target) as api:
        api.send("DELETE", _path(session_id))
    console.notices().print("Removed.")


@process.command(epilog=EPILOG)
@SESSION
@click.option("--format", "form", type=click.Choice(["md", "docx", "pdf", "json"]), required=True)
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write. Default: SESSION-process-notes, with the format's ending.",
)
@click.option("--force", is_flag=True, help="Replace a file that exists.")
@pass_target
def export(target: Target, session_id: str, form: str, output: Path | None, force: bool) -> None:
    """Write the process notes to a file, readable by you alone, and not encrypted."""
    path = output or Path(f"{session_id}-process-notes.{form}")
    with connect(target) as api:
        note_texts.fetch(api, _path(session_id), {"format": form}, path, force=force)


def _path(session_id: str) -> str:
    return f"/api/sessions/{session_id}/process-notes"

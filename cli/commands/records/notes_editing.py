"""The commands ``notes edit`` (in an editor or from a file) and ``notes client-summary``."""

import json
from pathlib import Path
from typing import TextIO

import click
from rich.text import Text

from cli.commands.recordings.sessions import SESSION
from cli.exits import CommandError, Exit
from cli.http.client import Api, JsonObject
from cli.options import EPILOG, connect, json_option, pass_target
from cli.output import console, notes_rendering
from cli.output.note_texts import keep, object_in, read
from cli.profile import Target
from cli.sanitise import one_line, plain


@click.command(epilog=EPILOG)
@SESSION
@click.option(
    "--file",
    type=click.File("r", encoding="utf-8"),
    metavar="FILE|-",
    help="File to read. Default: an editor.",
)
@click.option(
    "--version", type=click.IntRange(1), help="Version that --file changes. Default: as the file says."
)
@json_option
@pass_target
def edit(target: Target, session_id: str, file: TextIO | None, version: int | None, as_json: bool) -> None:
    """Change the notes, as a new version: in $EDITOR, or from JSON as `notes show --format json` has it.

    Fields of `extracted_notes` that are left out stay. If the notes have changed meanwhile, nothing is
    changed, and what you wrote in the editor is kept in a file.
    """
    path = f"/api/sessions/{session_id}/notes"
    with connect(target) as api:
        found, tag = api.tagged(path)
        if file is None:
            made = _in_editor(api, path, found, tag)
        else:
            made = _from_file(api, path, found, tag, object_in(read(file)), version)
    if as_json:
        console.print_json(made)
    else:
        line = f"The notes are version {made.get('version')} ({one_line(made.get('status'))})."
        console.notices().print(Text(line), soft_wrap=True)


@click.command("client-summary", epilog=EPILOG)
@SESSION
@pass_target
def client_summary(target: Target, session_id: str) -> None:
    """Write a summary for the client from the notes, as a new version, and show it."""
    with connect(target) as api:
        made = api.send("POST", f"/api/sessions/{session_id}/notes/client-summary")
    document = made.get("extracted_notes") or {}
    console.results().print(Text(plain(document.get("patient_summary"))), width=notes_rendering.TEXT_WIDTH)
    for reason in document.get("review_reasons") or ():
        if reason.get("code") == "violence_at_home":
            console.notices().print(Text(one_line(reason.get("detail")), style="yellow"), soft_wrap=True)
    line = f"The notes are version {made.get('version')} ({one_line(made.get('status'))})."
    console.notices().print(Text(line), soft_wrap=True)


def _in_editor(api: Api, path: str, found: JsonObject, tag: str) -> JsonObject:
    offered = {"version": found.get("version"), "extracted_notes": found.get("extracted_notes")}
    before = json.dumps(offered, indent=2, ensure_ascii=False) + "\n"
    after = click.edit(before, extension=".json")
    if after is None or after == before:
        console.notices().print("Nothing was changed.")
        return found
    try:
        return _put(api, path, object_in(after), tag)
    except BaseException:
        kept = keep(Path(f"{path.split('/')[3]}-edit.json"), after)
        line = f"What you wrote is kept in {kept} (send it with `notes edit --file {kept}`)."
        console.notices().print(Text(line), soft_wrap=True)
        raise


def _from_file(
    api: Api, path: str, found: JsonObject, tag: str, wanted: JsonObject, version: int | None
) -> JsonObject:
    base = version or wanted.get("version")
    if not isinstance(base, int):
        raise CommandError(
            "The file does not say which version it changes: give it `version`, or name --version.",
            Exit.USAGE,
        )
    if base != found.get("version"):
        raise CommandError(
            f"This changes version {base}, and the notes are version {found.get('version')} by now. See "
            f"`sessionscribe notes diff`, then name the version that you have seen with --version.",
            Exit.REFUSED,
        )
    return _put(api, path, wanted, tag)


def _put(api: Api, path: str, wanted: JsonObject, tag: str) -> JsonObject:
    return api.send("PUT", path, {"extracted_notes": wanted.get("extracted_notes")}, {"If-Match": tag})

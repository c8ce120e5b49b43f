"""The commands ``notes …``: a session's notes read, compared and let out as files."""

from pathlib import Path

import click
from rich.text import Text

from cli.commands.recordings.sessions import SESSION
from cli.commands.records.notes_editing import client_summary, edit
from cli.commands.records.notes_signing import addendum, awaiting, cosign, sign
from cli.commands.records.process_notes import process
from cli.commands.records.templates import templates
from cli.exits import CommandError, Exit
from cli.http.client import Api, JsonObject
from cli.options import EPILOG, connect, json_option, pass_target
from cli.output import console as screen
from cli.output import note_changes, note_texts, notes_rendering, provenance, rendering
from cli.output.tables import table
from cli.profile import Target
from cli.sanitise import one_line, plain

FORMATS = {"md": "md", "docx": "docx", "pdf": "pdf", "fhir": "fhir.json", "json": "json"}
VERSION = click.option("--version", type=click.IntRange(1), help="Version. Default: the current one.")
TEMPLATE = click.option("--template", help="Render in this template. Nothing is stored.")


@click.group(epilog=EPILOG, short_help="Read, edit, sign and export notes.")
def notes() -> None:
    """The notes of a session: versions, edits, signatures, files."""


for command in (edit, client_summary, sign, cosign, addendum, awaiting, templates, process):
    notes.add_command(command)


@notes.command(epilog=EPILOG)
@SESSION
@VERSION
@TEMPLATE
@click.option("--format", "form", type=click.Choice(["md", "json"]))
@click.option("--left-out", is_flag=True, help="Only what the transcript does not bear out, and why.")
@json_option
@pass_target
def show(
    target: Target,
    session_id: str,
    version: int | None,
    template: str | None,
    form: str | None,
    left_out: bool,
    as_json: bool,
) -> None:
    """Show the notes, with who signed them and what was added."""
    if left_out and form == "md":
        raise click.UsageError("--left-out is shown as text or --json.")
    form = "json" if as_json else form
    query = _query(version=version, template=template)
    with connect(target) as api:
        if form == "md":
            click.echo(plain(api.text(_path(session_id), {**query, "format": "md"})).rstrip("\n"))
            return
        found = api.document(_path(session_id), query)
    notes_found = found.get("extracted_notes") or {}
    if form == "json":
        screen.print_json({"left_out": notes_found.get("unsupported") or []} if left_out else found)
    elif left_out:
        provenance.print_left_out(screen.results(), notes_found)
    else:
        _print(found)


@notes.command(epilog=EPILOG)
@SESSION
@json_option
@pass_target
def versions(target: Target, session_id: str, as_json: bool) -> None:
    """List the versions, the first one first."""
    with connect(target) as api:
        found = list(api.listing(f"{_path(session_id)}/versions", {}))
    if as_json:
        screen.print_json(found)
        return
    rows = [
        (
            one["version"],
            one.get("kind"),
            one.get("status"),
            one.get("author") or one.get("author_id") or one.get("engine"),
            rendering.moment(one.get("created_at")),
            ", ".join(one_line(signature.get("signer")) for signature in one.get("signatures") or ()),
        )
        for one in found
    ]
    headings = ("Version", "Kind", "Status", "By", "Made", "Signed by")
    table(screen.results(), headings, rows, "There are no notes.")


@notes.command(epilog=EPILOG)
@SESSION
@click.option(
    "--from",
    "before",
    type=click.IntRange(1),
    help="Version to compare with. Default: the one that --to was based on.",
)
@click.option("--to", "after", type=click.IntRange(1), help="Newer version. Default: the current one.")
@json_option
@pass_target
def diff(target: Target, session_id: str, before: int | None, after: int | None, as_json: bool) -> None:
    """Show what one version has that another has not."""
    with connect(target) as api:
        found = api.document(f"{_path(session_id)}/diff", {**_query(to=after), **_query(**{"from": before})})
    if as_json:
        screen.print_json(found)
    else:
        note_changes.print_changes(found)


@notes.command(epilog=EPILOG)
@SESSION
@click.option("--format", "form", type=click.Choice(list(FORMATS)), required=True)
@VERSION
@TEMPLATE
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write. Default: SESSION-notes, with the format's ending.",
)
@click.option("--force", is_flag=True, help="Replace a file that exists.")
@pass_target
def export(
    target: Target,
    session_id: str,
    form: str,
    version: int | None,
    template: str | None,
    output: Path | None,
    force: bool,
) -> None:
    """Write the notes to a file, readable by you alone, and not encrypted; else SESSION-notes.FORMAT."""
    path = output or Path(f"{session_id}-notes.{FORMATS[form]}")
    query = {"format": form, **_query(version=version, template=template)}
    with connect(target) as api:
        note_texts.fetch(api, _path(session_id), query, path, force=force)


@notes.command(epilog=EPILOG)
@SESSION
@click.option("--template", required=True)
@pass_target
def render(target: Target, session_id: str, template: str) -> None:
    """Put the notes into another template, as a new version."""
    with connect(target) as api:
        made = api.send("POST", f"{_path(session_id)}/render", {"template": template})
    _say(made)


@notes.command(epilog=EPILOG)
@SESSION
@json_option
@pass_target
def proposals(target: Target, session_id: str, as_json: bool) -> None:
    """Show what a newer extraction would change, if one is offered."""
    with connect(target) as api:
        current = api.document(_path(session_id))
        offered = current.get("offered_version")
        if not offered:
            if as_json:
                screen.print_json({"offered_version": None, "changes": []})
            else:
                screen.notices().print("Nothing is offered.")
            return
        query = {"from": str(current["version"]), "to": str(offered)}
        found = api.document(f"{_path(session_id)}/diff", query)
    if as_json:
        screen.print_json({"offered_version": offered, **found})
        return
    note_changes.print_changes(found)
    hint = f"Take it: sessionscribe notes accept {session_id} --version {offered}; or: notes dismiss"
    screen.notices().print(Text(hint), soft_wrap=True)


@notes.command(epilog=EPILOG)
@SESSION
@click.option("--version", type=click.IntRange(1), help="The offered version; else the one on offer.")
@click.option("--field", "fields", multiple=True, help="Take this field alone; may be repeated.")
@pass_target
def accept(target: Target, session_id: str, version: int | None, fields: tuple[str, ...]) -> None:
    """Take what is offered, or some fields of it, as a new version."""
    with connect(target) as api:
        body: JsonObject = {"version": version or _offered(api, session_id)}
        _say(api.send("POST", f"{_path(session_id)}/accept", {**body, "fields": list(fields) or None}))


@notes.command(epilog=EPILOG)
@SESSION
@click.option("--version", type=click.IntRange(1), help="The offered version; else the one on offer.")
@pass_target
def dismiss(target: Target, session_id: str, version: int | None) -> None:
    """Leave the notes as they are; what was offered remains among the versions."""
    with connect(target) as api:
        _say(
            api.send(
                "POST", f"{_path(session_id)}/dismiss", {"version": version or _offered(api, session_id)}
            )
        )


def _path(session_id: str) -> str:
    return f"/api/sessions/{session_id}/notes"


def _query(**values: object) -> dict[str, str]:
    return {name: str(value) for name, value in values.items() if value is not None}


def _offered(api: Api, session_id: str) -> int:
    offered = api.document(_path(session_id)).get("offered_version")
    if not offered:
        raise CommandError("Nothing is offered.", Exit.NOT_FOUND)
    return int(offered)


def _say(made: JsonObject) -> None:
    line = f"The notes are version {made.get('version')} ({one_line(made.get('status'))})."
    screen.notices().print(Text(line), soft_wrap=True)


def _print(found: JsonObject) -> None:
    console, document = screen.results(), found.get("extracted_notes") or {}
    kind = f"Version {found.get('version')}, {one_line(found.get('kind'))}, {one_line(found.get('status'))}"
    console.print(Text(kind, style="bold"), soft_wrap=True)
    for signature in found.get("signatures") or ():
        console.print(Text(_signed(signature)), soft_wrap=True)
    if found.get("kind") == "addendum":
        console.print(Text(plain(document.get("text"))))
        return
    notes_rendering.notes(console, document)
    for added in found.get("addenda") or ():
        rendering.heading(console, f"Addendum, version {added.get('version')}")
        console.print(Text(plain(added.get("text"))), width=notes_rendering.TEXT_WIDTH)
        for signature in added.get("signatures") or ():
            console.print(Text(_signed(signature), style="dim"), soft_wrap=True)


def _signed(signature: JsonObject) -> str:
    part = "Co-signed" if signature.get("part") == "cosigner" else "Signed"
    return f"{part} by {one_line(signature.get('signer'))}, {rendering.moment(signature.get('signed_at'))}"

"""The commands ``notes templates …``: the built-in templates of notes and a practice's own."""

import uuid
from typing import TextIO

import click
from rich.text import Text

from cli.exits import CommandError, Exit
from cli.http.client import Api, JsonObject
from cli.options import EPILOG, connect, json_option, pass_target
from cli.output import console
from cli.output.note_texts import object_in, read
from cli.output.tables import table
from cli.profile import Target
from cli.sanitise import one_line

PATH = "/api/templates"


@click.group(epilog=EPILOG)
def templates() -> None:
    """Templates of notes (to change them needs the administrator's key)."""


@templates.command("list", epilog=EPILOG)
@json_option
@pass_target
def list_templates(target: Target, as_json: bool) -> None:
    """List the built-in templates and the practice's own."""
    with connect(target) as api:
        found = list(api.listing(PATH, {}))
    if as_json:
        console.print_json(found)
        return
    rows = [
        (
            one.get("name"),
            one.get("title"),
            "own" if one.get("id") else "built in",
            "yes" if one.get("usual") else "",
        )
        for one in found
    ]
    table(console.results(), ("Name", "Title", "Kind", "Usual"), rows, "No templates.")


@templates.command(epilog=EPILOG)
@click.argument("name")
@json_option
@pass_target
def show(target: Target, name: str, as_json: bool) -> None:
    """Show a template's parts and what fills them."""
    with connect(target) as api:
        found = _named(api, name)
    if as_json:
        console.print_json(found)
        return
    console.results().print(
        Text(f"{one_line(found.get('title'))} ({one_line(found.get('name'))})", style="bold")
    )
    rows = [
        (
            part.get("name"),
            part.get("title"),
            ", ".join(map(one_line, part.get("sources") or ())),
            part.get("instruction"),
        )
        for part in found.get("parts") or ()
    ]
    table(console.results(), ("Part", "Title", "Filled from", "Instruction"), rows, "No parts.")


@templates.command(epilog=EPILOG)
@click.argument("file", type=click.File("r", encoding="utf-8"), metavar="FILE|-")
@json_option
@pass_target
def add(target: Target, file: TextIO, as_json: bool) -> None:
    """Add a template from JSON: `name`, `title`, `parts` with `name`, `title`, `sources` or `instruction`."""
    body = object_in(read(file))
    with connect(target, administrator=True) as api:
        made = api.send("POST", PATH, body, {"Idempotency-Key": str(uuid.uuid4())})
    if as_json:
        console.print_json(made)
    else:
        console.notices().print(Text(f"Added: {one_line(made.get('name'))}"), soft_wrap=True)


@templates.command(epilog=EPILOG)
@click.argument("name")
@pass_target
def remove(target: Target, name: str) -> None:
    """Offer a template of the practice's own no more; notes made with it stay."""
    with connect(target, administrator=True) as api:
        found = _named(api, name)
        if not found.get("id"):
            raise CommandError(f"{one_line(name)} is built in and cannot be deleted.", Exit.REFUSED)
        api.send("DELETE", f"{PATH}/{found['id']}")
    console.notices().print(Text(f"Removed: {one_line(name)}"), soft_wrap=True)


def _named(api: Api, name: str) -> JsonObject:
    for one in api.listing(PATH, {}):
        if name in (one.get("name"), one.get("id")):
            return one
    raise CommandError(
        f"There is no template {one_line(name)}. See `sessionscribe notes templates list`.", Exit.NOT_FOUND
    )

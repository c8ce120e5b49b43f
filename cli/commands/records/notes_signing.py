"""The commands of ``notes`` that sign: the author, the supervisor, and what is added later."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import click
from rich.text import Text

from cli.commands.recordings.sessions import SESSION
from cli.http.client import JsonObject
from cli.http.refusals import CallFailed
from cli.options import EPILOG, confirm, connect, json_option, pass_target
from cli.output import console, rendering
from cli.output.note_texts import text_of, text_options
from cli.output.tables import table
from cli.profile import Target
from cli.sanitise import one_line


@click.command(epilog=EPILOG)
@SESSION
@click.option(
    "--version", type=click.IntRange(1), help="Version that you have read. Default: the current one."
)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@json_option
@pass_target
def sign(target: Target, session_id: str, version: int | None, yes: bool, as_json: bool) -> None:
    """Sign the notes: they stay as they are for good, and later changes are addenda."""
    path = f"/api/sessions/{session_id}/notes"
    with connect(target) as api:
        read = api.document(path)
        for notice in read.get("notices") or ():
            console.notices().print(Text(one_line(notice.get("detail")), style="bold yellow"), soft_wrap=True)
        version = version or int(read["version"])
        confirm(f"Sign version {version}? It cannot be changed any more.", yes=yes)
        with _hint_at_alerts(session_id):
            made = api.send("POST", f"{path}/sign", {"version": version})
    _say(made, as_json)


@contextmanager
def _hint_at_alerts(session_id: str) -> Iterator[None]:
    """Say how to answer for the risk alerts that keep the signature back."""
    try:
        yield
    except CallFailed as error:
        if error.code == "risk_alerts_open":
            hint = f"See: sessionscribe risk list --session {session_id}; then: … risk acknowledge"
            console.notices().print(Text(hint), soft_wrap=True)
        raise


@click.command(epilog=EPILOG)
@SESSION
@json_option
@pass_target
def cosign(target: Target, session_id: str, as_json: bool) -> None:
    """Co-sign the notes and addenda of a therapist whom you supervise."""
    with connect(target) as api:
        made = api.send("POST", f"/api/sessions/{session_id}/notes/cosign")
    _say(made, as_json)


@click.command(epilog=EPILOG)
@json_option
@pass_target
def awaiting(target: Target, as_json: bool) -> None:
    """List the sessions whose notes wait for your co-signature."""
    with connect(target) as api:
        found = list(api.listing("/api/sessions/awaiting-cosignature", {}))
    if as_json:
        console.print_json(found)
        return
    rows = [
        (one.get("session_id"), rendering.day(one.get("session_date")), one.get("therapist")) for one in found
    ]
    table(console.results(), ("Session", "Date", "Therapist"), rows, "Nothing waits for you.")


@click.command(epilog=EPILOG)
@SESSION
@text_options
@json_option
@pass_target
def addendum(target: Target, session_id: str, text: str | None, file: TextIO | None, as_json: bool) -> None:
    """Add to signed notes. The addendum is signed with this, and stays for good."""
    body = {"text": text_of(text, file)}
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    with connect(target) as api:
        made = api.send("POST", f"/api/sessions/{session_id}/notes/addenda", body, headers)
    _say(made, as_json)


def _say(made: JsonObject, as_json: bool) -> None:
    if as_json:
        console.print_json(made)
        return
    status = one_line(made.get("status")).replace("_", " ")
    lines = [f"Version {made.get('version')} is {status}.", *_signatures(made)]
    for added in made.get("addenda") or ():
        lines += [f"Addendum, version {added.get('version')}:", *_signatures(added)]
    for line in lines:
        console.notices().print(Text(line), soft_wrap=True)


def _signatures(made: JsonObject) -> Iterator[str]:
    for signature in made.get("signatures") or ():
        part = "co-signed" if signature.get("part") == "cosigner" else "signed"
        who, digest = one_line(signature.get("signer")), one_line(signature.get("content_hash"))
        yield f"  {part} by {who}, SHA-256 {digest}"

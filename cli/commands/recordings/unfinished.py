"""The commands ``unfinished …``: uploads that are not whole, and edits of notes that were not saved."""

import click
from rich.text import Text

from cli.commands.recordings.sessions import SESSION
from cli.http.tus_upload import VERSION
from cli.options import EPILOG, connect, json_option, pass_target
from cli.output import console
from cli.output.rendering import moment
from cli.output.tables import table
from cli.profile import Target
from cli.sanitise import one_line


@click.group(epilog=EPILOG, short_help="Uploads that are not whole, and unsaved edits.")
def unfinished() -> None:
    """Uploads that are not whole, and edits of notes that were not saved."""


@unfinished.command("list", epilog=EPILOG)
@json_option
@pass_target
def list_unfinished(target: Target, as_json: bool) -> None:
    """List your unfinished uploads, and your sessions with an unsaved edit of the notes."""
    with connect(target) as api:
        uploads = list(api.listing("/api/uploads", {}))
        edits = list(api.listing("/api/unsaved-edits", {}))
    if as_json:
        console.print_json({"uploads": uploads, "edits": edits})
        return
    out = console.results()
    rows = [
        (
            one_line(one.get("id")),
            one_line(one.get("patient_id")),
            f"{one.get('offset')} of {one.get('length') or 'unknown'} bytes",
            moment(one.get("expires_at")),
        )
        for one in uploads
    ]
    table(out, ("Upload", "Patient", "Arrived", "Kept until"), rows, "No upload is unfinished.")
    begun = [
        (one_line(one.get("session_id")), moment(one.get("session_date")), moment(one.get("saved_at")))
        for one in edits
    ]
    table(out, ("Session", "Date", "Typed"), begun, "No edit is unsaved.")


@unfinished.command("finish-upload", epilog=EPILOG)
@click.argument("upload_id", type=click.UUID, metavar="ID")
@pass_target
def finish_upload(target: Target, upload_id: object) -> None:
    """Make a session of a recording that was cut off, or of a further one that cannot be joined."""
    with connect(target) as api:
        made = api.send("POST", f"/api/uploads/{upload_id}/finish", headers=VERSION)
    console.results().print(Text(one_line(made.get("id"))))


@unfinished.command("discard-upload", epilog=EPILOG)
@click.argument("upload_id", type=click.UUID, metavar="ID")
@pass_target
def discard_upload(target: Target, upload_id: object) -> None:
    """Give up an unfinished upload: what came of it is removed."""
    with connect(target) as api:
        api.send("DELETE", f"/api/uploads/{upload_id}", headers=VERSION)
    console.notices().print(Text("The upload is given up. What came of it is removed."))


@unfinished.command("discard-edit", epilog=EPILOG)
@SESSION
@pass_target
def discard_edit(target: Target, session_id: str) -> None:
    """Forget what was typed of the notes and not saved. Saved versions stay."""
    with connect(target) as api:
        api.send("DELETE", f"/api/sessions/{session_id}/notes/unsaved")
    console.notices().print(Text("The unsaved edit is discarded. Saved versions stay."))

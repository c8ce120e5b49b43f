"""The commands that read sessions and let their work go on."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from rich.text import Text

from cli.exits import CommandError, Exit
from cli.http.client import Api, JsonObject
from cli.http.retrying import Patience
from cli.options import (
    EPILOG,
    SESSION_ID,
    Moment,
    connect,
    json_option,
    pass_target,
    patient_id,
    patient_names,
)
from cli.output import console as screen
from cli.output import notes_rendering, rendering
from cli.output.progress import display
from cli.output.session_watch import follow
from cli.profile import Target
from cli.sanitise import one_line, plain
from shared.domain.status import Status

SESSION = click.argument("session_id", type=SESSION_ID, metavar="SESSION")
TRANSCRIPT_FORMATS = ("txt", "vtt", "srt")


@click.command("list", epilog=EPILOG)
@click.option("--patient", metavar="ID|NAME")
@click.option("--status", type=click.Choice([status.value for status in Status]))
@click.option("--from", "date_from", type=Moment(), help="Sessions of this day or time and later.")
@click.option("--before", "date_before", type=Moment(), help="Sessions before this day or time.")
@click.option("--updated-since", type=Moment(), help="Sessions that have changed since.")
@click.option("--external-id", help="Your own reference, given at the upload.")
@click.option("--open", "is_open", is_flag=True, help="Only failed, unsigned, or with an alert to answer.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
@json_option
@pass_target
def list_sessions(
    target: Target, /, patient: str | None, limit: int, as_json: bool, is_open: bool, **filters: str | None
) -> None:
    """List sessions, newest first."""
    with connect(target) as api:
        query = {"limit": str(min(limit, 1000))}
        if patient:
            query["patient_id"] = patient_id(api, patient)
        named = {"date_from": "session_date_from", "date_before": "session_date_before"}
        query |= {named.get(name, name): value for name, value in filters.items() if value}
        if is_open:
            query["open"] = "true"
        found = list(api.listing("/api/sessions/", query, limit))
        if as_json:
            screen.print_json(found)
        else:
            rendering.sessions_table(screen.results(), found, patient_names(api))


@click.command(epilog=EPILOG)
@SESSION
@click.option("--transcript", "parts", flag_value="transcript", help="The transcript alone.")
@click.option("--notes", "parts", flag_value="notes", help="The notes alone.")
@click.option(
    "--format",
    "form",
    type=click.Choice([*TRANSCRIPT_FORMATS, "md", "json"]),
    help="txt, vtt and srt are transcripts, md is notes, json is either or the whole session.",
)
@json_option
@pass_target
def show(target: Target, session_id: str, parts: str | None, form: str | None, as_json: bool) -> None:
    """Show a session with its transcript and its notes."""
    form = "json" if as_json else form
    if (parts == "notes" and form in TRANSCRIPT_FORMATS) or (parts == "transcript" and form == "md"):
        raise click.UsageError(f"{form} is not a format of the {parts}.")
    path = f"/api/sessions/{session_id}"
    with connect(target) as api:
        if form in TRANSCRIPT_FORMATS:
            _print_text(api.text(f"{path}/transcript", {"format": form}))
        elif form == "md":
            _print_text(api.text(f"{path}/notes", {"format": "md"}))
        elif form == "json":
            screen.print_json(api.document(f"{path}/{parts}" if parts else path))
        else:
            show_session(api, api.document(path), parts)


@click.command(epilog=EPILOG)
@SESSION
@click.option("--wait", is_flag=True, help="Wait for the end.")
@pass_target
def retry(target: Target, session_id: str, wait: bool) -> None:
    """Let a failed session go on from the step that failed."""
    with connect(target) as api:
        api.send("POST", f"/api/sessions/{session_id}/retry")
        wait_or_say(api, session_id, wait)


@click.command("extract-notes", epilog=EPILOG)
@SESSION
@click.option("--template", help="The template of the notes.")
@click.option("--wait", is_flag=True, help="Wait for the end.")
@pass_target
def extract_notes(target: Target, session_id: str, template: str | None, wait: bool) -> None:
    """Make the notes again from the stored transcript."""
    with connect(target) as api:
        body: JsonObject = {"template": template} if template else {}
        api.send("POST", f"/api/sessions/{session_id}/extract-notes", body)
        wait_or_say(api, session_id, wait)


def wait_or_say(api: Api, session_id: str, wait: bool) -> None:
    """Wait for the end of the work that was just begun, or say where to look."""
    if not wait:
        screen.notices().print(Text(f"Accepted. See: sessionscribe show {session_id}"), soft_wrap=True)
        return
    with work_goes_on(session_id), display(screen.notices()) as shown:
        outcome = follow(api, session_id, shown, Patience())
    if not outcome.processed:
        raise CommandError(failure_of(outcome.session), Exit.FAILED)
    screen.notices().print(Text(f"Processed. See: sessionscribe show {session_id}"), soft_wrap=True)


@contextmanager
def work_goes_on(session_id: str) -> Iterator[None]:
    """Ctrl-C ends the waiting alone, and says so."""
    try:
        yield
    except KeyboardInterrupt:
        line = f"The server goes on with it. See: sessionscribe show {session_id}"
        screen.notices().print(Text(line), soft_wrap=True)
        raise


def failure_of(session: JsonObject) -> str:
    """Why a session did not end well, in a sentence."""
    error = session.get("error")
    if not isinstance(error, dict):
        return f"The session is {one_line(session.get('status'))}."
    return f"The session failed: {plain(error.get('message'))} (code {one_line(error.get('code'))})"


def show_session(api: Api, session: JsonObject, parts: str | None) -> None:
    """Print a session: what it is, transcript and notes; or one of these alone."""
    console = screen.results()
    notes = session.get("extracted_notes")
    if parts == "notes" and not isinstance(notes, dict):
        raise CommandError("This session has no notes (yet), or the key may not read them.", Exit.NOT_FOUND)
    if parts is None:
        key = str(session.get("patient_id"))
        rendering.session_overview(console, session, patient_names(api).get(key, key))
    if parts != "notes":
        rendering.transcript(console, session)
    if parts != "transcript" and isinstance(notes, dict):
        notes_rendering.notes(console, notes)


def _print_text(text: str) -> None:
    click.echo(plain(text).rstrip("\n"))

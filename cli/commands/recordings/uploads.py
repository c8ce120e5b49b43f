"""The command ``upload``."""

from collections.abc import Iterable
from pathlib import Path

import click
from rich.text import Text

from cli.commands.recordings.sessions import failure_of, work_goes_on
from cli.exits import CommandError, Exit
from cli.http.client import Api, JsonObject
from cli.http.reader import printable_name
from cli.http.retrying import Patience
from cli.http.uploads import send_recording
from cli.options import EPILOG, RECORDING, Moment, connect, json_option, pass_target, patient_id
from cli.output import console
from cli.output.progress import Display, display
from cli.output.session_watch import follow
from cli.profile import Target

# Longer than a server that died keeps an idempotency key from being used again (30 s).
REPEAT_SECONDS = 45.0


@click.command(epilog=EPILOG)
@click.argument("files", nargs=-1, required=True, type=RECORDING, metavar="FILE…")
@click.option("--patient", metavar="ID|NAME", help="Whose session it is. Not needed with --joins.")
@click.option(
    "--joins",
    metavar="SESSION",
    type=click.UUID,
    help="The session that was interrupted: the recordings continue it, in this order.",
)
@click.option(
    "--date",
    "session_date",
    type=Moment(),
    help="When the session was (UTC if without a zone). Default: now.",
)
@click.option("--speakers", type=click.IntRange(1, 6), help="Number of people who speak. Default: 2.")
@click.option("--language", help="The language spoken, such as en.")
@click.option("--transcriber", help="The speech engine, of those that the server offers.")
@click.option("--vocabulary", help="Words to expect, separated by commas.")
@click.option("--off-the-record", help="What is to be silenced before all else: 12:30-13:05,1:02:00-1:02:30.")
@click.option("--template", help="The template of the notes.")
@click.option("--external-id", help="Your own reference, to find the session by; no names in it.")
@click.option("--wait", is_flag=True, help="Wait until transcript and notes are there.")
@json_option
@pass_target
def upload(
    target: Target,
    /,
    files: tuple[Path, ...],
    patient: str | None,
    wait: bool,
    as_json: bool,
    **details: object,
) -> None:
    """Upload recordings of a patient.

    With --joins they continue a session that was interrupted.

    One that fails does not stop the others; the exit code is that of the last one that failed.
    """
    given = {name: str(value) for name, value in details.items() if value is not None}
    if patient is None and "joins" not in given:
        raise click.UsageError("Say whose session it is: --patient, or --joins for one that was interrupted.")
    with connect(target) as api, display(console.notices()) as shown:
        fields = given if patient is None else {**given, "patient_id": patient_id(api, patient)}
        done, failed = _send_all(api, files, fields, shown, wait=wait)
    if as_json:
        console.print_json(done)
    else:
        for session in done:
            console.results().print(Text(str(session.get("id"))), soft_wrap=True)
    if failed:
        click.get_current_context().exit(failed)


def _send_all(
    api: Api, files: Iterable[Path], fields: dict[str, str], shown: Display, *, wait: bool
) -> tuple[list[JsonObject], Exit]:
    """The sessions of what was sent, and how the last one that failed did."""
    done: list[JsonObject] = []
    failed = Exit.OK
    for path in files:
        try:
            done.append(_send(api, path, fields, shown))
            shown.say(f"{printable_name(path)}: session {done[-1].get('id')}")
            if wait:
                done[-1] = _processed(api, str(done[-1].get("id")), shown)
        except CommandError as error:
            failed = Exit(error.exit_code)
            shown.say(f"{printable_name(path)}: {error.message}")
    return done, failed


def _send(api: Api, path: Path, fields: dict[str, str], shown: Display) -> JsonObject:
    name = printable_name(path)
    shown.begin(name, path.stat().st_size)
    how = "failed"
    try:
        session = send_recording(
            api, path, fields, Patience(REPEAT_SECONDS), lambda sent: shown.reach(name, sent)
        )
        how = "done"
    finally:
        shown.finish(name, how)
    return session


def _processed(api: Api, session_id: str, shown: Display) -> JsonObject:
    with work_goes_on(session_id):
        outcome = follow(api, session_id, shown, Patience())
    if not outcome.processed:
        raise CommandError(failure_of(outcome.session), Exit.FAILED)
    return outcome.session

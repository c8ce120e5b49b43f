"""The command ``off-the-record``: stretches taken out of a session for good."""

import click

from cli.commands.recordings.sessions import SESSION, wait_or_say
from cli.options import EPILOG, confirm, connect, pass_target
from cli.profile import Target
from shared.domain.transcripts.off_record import parsed


@click.command("off-the-record", epilog=EPILOG, short_help="Take stretches out of a session for good.")
@SESSION
@click.argument("ranges", nargs=-1, required=True, metavar="START-END…")
@click.option("--keep-signed-notes", is_flag=True, help="Keep signed notes, even if they quote the range.")
@click.option("--wait", is_flag=True, help="Wait for the end.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@pass_target
def off_the_record(
    target: Target, session_id: str, ranges: tuple[str, ...], keep_signed_notes: bool, wait: bool, yes: bool
) -> None:
    """Take stretches out of recording, transcript and notes, for good.

    Times are those of the recording: 12:30-13:05, 1:02:00-1:02:30 or 750-785.5 (seconds).
    """
    try:
        found = parsed(",".join(ranges))
    except ValueError as error:
        raise click.UsageError(f"{error}.") from None
    confirm("This cannot be undone. Go on?", yes=yes)
    body = {
        "ranges": [{"start": start, "end": end} for start, end in found],
        "keep_signed_notes": keep_signed_notes,
    }
    with connect(target) as api:
        api.send("POST", f"/api/sessions/{session_id}/off-the-record", body)
        wait_or_say(api, session_id, wait)

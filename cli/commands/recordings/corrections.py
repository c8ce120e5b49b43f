"""The command ``correct``: words of a transcript, corrected over what the engine heard."""

import click

from cli.commands.recordings.sessions import SESSION
from cli.http.client import JsonObject
from cli.options import EPILOG, connect, json_option, pass_target
from cli.output import console
from cli.output.tables import table
from cli.profile import Target
from cli.sanitise import one_line


@click.command(epilog=EPILOG)
@SESSION
@click.argument("segment", type=click.IntRange(min=0), required=False)
@click.argument("text", required=False)
@click.option("--speaker", metavar="LABEL", help="Who says the segment. Default: as it is.")
@click.option("--undo", is_flag=True, help="Go back to what the engine heard.")
@json_option
@pass_target
def correct(
    target: Target,
    session_id: str,
    segment: int | None,
    text: str | None,
    speaker: str | None,
    undo: bool,
    as_json: bool,
) -> None:
    """Correct the words of a segment, or list the corrections.

    SEGMENT is the place in the transcript, from 0. The engine's words are kept.
    """
    changes = text is not None or speaker is not None
    if (segment is not None) != (changes or undo) or (changes and undo):
        raise click.UsageError("Give a SEGMENT with a TEXT, --speaker or --undo; or none of them.")
    path = f"/api/sessions/{session_id}/transcript"
    with connect(target) as api:
        if segment is None:
            found = api.document(f"{path}/corrections")
        else:
            was = _text_of(api.document(path), segment)
            says = None if undo else text or was
            change = {"segment": segment, "was": was, "text": says, "speaker": speaker}
            found = api.send("PUT", f"{path}/corrections", {"corrections": [change]})
    if as_json:
        console.print_json(found)
    else:
        _print(found)


def _print(found: JsonObject) -> None:
    rows = [
        (one.get("segment"), one.get("speaker"), one_line(one.get("text")), one_line(one.get("heard")))
        for one in found.get("corrections") or ()
    ]
    table(console.results(), ("Segment", "Speaker", "Says", "Heard"), rows, "Nothing is corrected.")


def _text_of(transcript: JsonObject, segment: int) -> str:
    """What the segment says now."""
    segments = transcript.get("segments") or []
    if segment >= len(segments):
        raise click.UsageError(f"There is no segment {segment}: the transcript has {len(segments)}.")
    return str(segments[segment].get("text"))

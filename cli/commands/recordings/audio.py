"""The command ``audio``: a session's recording, as it was uploaded."""

import os
from pathlib import Path
from typing import BinaryIO

import click
from rich.text import Text

from cli.commands.recordings.sessions import SESSION
from cli.exits import CommandError, Exit
from cli.http.client import Api, JsonObject
from cli.http.reader import sha256_of
from cli.http.retrying import Patience
from cli.options import EPILOG, connect, pass_target
from cli.output import console
from cli.output.progress import Display, display
from cli.profile import Target
from cli.sanitise import one_line


@click.command(epilog=EPILOG)
@SESSION
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write. Default: SESSION-audio.",
)
@pass_target
def audio(target: Target, session_id: str, output: Path | None) -> None:
    """Fetch the recording of a session, as it was uploaded.

    It goes on where it was broken off, and is compared with the hash that was taken on its arrival.
    An existing file is not replaced. The file is readable by you alone, and is not encrypted.
    """
    fetch(target, f"/api/sessions/{session_id}", output or Path(f"{session_id}-audio"))


def fetch(target: Target, address: str, path: Path) -> None:
    """Write the recording of the session at ``address`` to a new file, and compare its hash."""
    with connect(target) as api, display(console.notices()) as shown:
        session = api.document(address)
        with _new_file(path) as file:
            try:
                _fetch(api, address, session, file, shown)
            except BaseException:
                path.unlink(missing_ok=True)
                raise
        if sha256_of(path) != session.get("audio_sha256"):
            path.unlink(missing_ok=True)
            raise CommandError(
                "The download differs from what was uploaded (another hash). Try again.", Exit.FAILED
            )
    console.results().print(Text(str(path)), soft_wrap=True)


def _fetch(api: Api, address: str, session: JsonObject, file: BinaryIO, shown: Display) -> None:
    name = one_line(session.get("id"))
    shown.begin(name, int(session.get("audio_bytes") or 0) or None)
    Patience()(lambda: api.download(f"{address}/audio", file, lambda done: shown.reach(name, done)))
    shown.finish(name)


def _new_file(path: Path) -> BinaryIO:
    try:
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
    except FileExistsError:
        raise CommandError(f"{path} exists; name another file with --output.", Exit.USAGE) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise CommandError(f"{path} cannot be written: {reason}.", Exit.REFUSED) from error

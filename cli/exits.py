"""What a command's exit code says, and the error that ends a command with one."""

import shutil
import sys
import textwrap
from enum import IntEnum
from typing import IO, Any

import click

from cli.sanitise import plain


class Exit(IntEnum):
    """The exit codes; ``MEANINGS`` is what the help says of them."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_ALLOWED = 3
    NOT_FOUND = 4
    UNAVAILABLE = 5
    REFUSED = 6
    INTERRUPTED = 130


MEANINGS: dict[Exit, str] = {
    Exit.OK: "done",
    Exit.FAILED: "the work failed (a session failed, the stack could not start)",
    Exit.USAGE: "the command line is wrong",
    Exit.NOT_ALLOWED: "not authenticated, or not allowed",
    Exit.NOT_FOUND: "no such session, patient, notes or key",
    Exit.UNAVAILABLE: "the server does not answer, is in trouble, or has had too many requests",
    Exit.REFUSED: "the server refused the input or the state forbids it",
    Exit.INTERRUPTED: "interrupted",
}


class CommandError(click.ClickException):
    """Ends the command with ``exit_code``; the message says what was wrong and what to do next."""

    def __init__(self, message: str, exit_code: Exit) -> None:
        super().__init__(plain(message))
        self.exit_code = exit_code  # type: ignore[misc]  # click reads it from the instance or the class

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the message; on a terminal its lines are broken between words."""
        if file is None and sys.stderr.isatty():
            columns = shutil.get_terminal_size().columns
            lines = f"Error: {self.format_message()}".splitlines()
            for line in lines:
                hanging = " " * (len(line) - len(line.lstrip()) + 2)
                wrapped = textwrap.wrap(line, columns, subsequent_indent=hanging, break_on_hyphens=False)
                click.echo("\n".join(wrapped), err=True)
        else:
            super().show(file)


def reason(error: OSError) -> str:
    """What the system said, with the file that it was about."""
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}"


def epilog() -> str:
    """The exit codes for the end of a help page; ``\\b`` keeps click from rewrapping it."""
    lines = [f"  {code.value:>3}  {meaning}" for code, meaning in MEANINGS.items()]
    return "\n".join(["\b", "Exit codes:", *lines])

"""Texts that a command takes from an option, a file or stdin, and files that it writes for their owner."""

import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, TextIO, TypeVar
from urllib.parse import urlencode

import click
from rich.text import Text

from cli.exits import CommandError, Exit
from cli.http.client import EXPORT_TIMEOUT, Api, JsonObject
from cli.output import console
from embedded.private_files import write_private

F = TypeVar("F", bound=Callable[..., Any])
_FILE = click.File("r", encoding="utf-8")


def text_options(command: F) -> F:
    """``--text`` and ``--file`` of a command that sends a text."""
    command = click.option("--file", "file", type=_FILE, metavar="FILE|-", help="A file with it.")(command)
    return click.option("--text", help="The text. Others on this machine can see command lines.")(command)


def text_of(text: str | None, file: TextIO | None) -> str:
    """The one text that the options of ``text_options`` name."""
    if (text is None) == (file is None):
        raise click.UsageError("Name either --text or --file.")
    return text if text is not None else read(file)


def read(file: TextIO | None) -> str:
    """What is in an opened file."""
    try:
        return file.read() if file else ""
    except UnicodeDecodeError:
        raise CommandError("The file is not text in UTF-8.", Exit.USAGE) from None


def object_in(text: str) -> JsonObject:
    """The JSON object that a person wrote."""
    try:
        value = json.loads(text)
    except ValueError as error:
        raise CommandError(f"This is not JSON: {error}.", Exit.USAGE) from error
    if not isinstance(value, dict):
        raise CommandError(
            "The JSON is not an object. Give the notes as `notes show --format json` prints them.", Exit.USAGE
        )
    return value


def fetch(api: Api, address: str, query: dict[str, str], path: Path, *, force: bool) -> None:
    """Put what is at ``address`` into a file of its owner's; a file that exists stays without ``force``."""
    if not force and path.exists():
        raise _exists(path)
    content = io.BytesIO()
    api.download(f"{address}?{urlencode(query)}", content, lambda _: None, EXPORT_TIMEOUT)
    try:
        with _opened(path, force=force) as file:
            file.write(content.getvalue())
    except FileExistsError:
        raise _exists(path) from None
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise CommandError(f"{path} cannot be written: {why}.", Exit.REFUSED) from error
    console.results().print(Text(str(path)), soft_wrap=True)


def keep(path: Path, text: str) -> Path:
    """Keep ``text`` for its owner alone, beside what is there already; gives the file."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_stem(f"{path.stem}-{number}")
    write_private(free, text)
    return free


def _opened(path: Path, *, force: bool) -> BinaryIO:
    how = os.O_TRUNC if force else os.O_EXCL
    file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o600), "wb")
    if path.is_file():
        path.chmod(0o600)  # of a file that was there before
    return file


def _exists(path: Path) -> CommandError:
    return CommandError(f"{path} exists; name another with --output, or replace it with --force.", Exit.USAGE)

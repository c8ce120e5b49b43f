"""Sends a recording to the server: a large one so that it can be gone on with, a small one whole."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO, cast
from uuid import uuid4

from cli.exits import CommandError, Exit
from cli.http import tus_upload
from cli.http.client import Api, JsonObject
from cli.http.reader import CountedFile, printable_name
from cli.http.retrying import Patience


def send_recording(
    api: Api,
    path: Path,
    fields: Mapping[str, str],
    patience: Patience,
    on_bytes: Callable[[int], None],
) -> JsonObject:
    """Send ``path``; gives the session. ``on_bytes`` is told how many bytes have been sent.

    While the server is away or an answer was lost it is sent again, a large recording from where it
    broke off, under the same idempotency key; the server makes one session of it, however often it
    arrives. Raises CommandError.
    """
    name = printable_name(path)
    try:
        with path.open("rb") as raw:
            file = CountedFile(raw, on_bytes)
            if file.size >= tus_upload.LEAST_BYTES:
                try:
                    return tus_upload.upload_resumably(api, file, name, fields, str(uuid4()), patience)
                except tus_upload.CannotResume:
                    file.seek(0)
            key = str(uuid4())
            return patience(lambda: api.upload(cast(BinaryIO, file), name, fields, key))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise CommandError(f"{name} cannot be read: {reason}.", Exit.REFUSED) from error

"""A multipart body as it arrives: no part of it is ever collected, let alone written to a disk.

Werkzeug's own form parser spools files to temporary files in plaintext; only its decoder, which
does no input or output, is used here.
"""

import re
from collections.abc import Iterator
from typing import IO

from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData

from shared.domain.errors import InvalidInput

__all__ = ["Data", "Event", "Field", "File", "events"]

READ_BYTES = 256 * 1024
# Bounds what a part's headers, the boundary and the text around the parts may take up in memory.
_MAX_BUFFER = 4 * READ_BYTES
_MAX_PARTS = 50
# The line breaks and dashes around a boundary, and some blanks that RFC 2046 lets follow it.
_BOUNDARY_ROOM = 16
_LINE_BREAK = re.compile(rb"[\r\n]")


def events(stream: IO[bytes], boundary: str) -> Iterator[Event]:
    """What happens in the body: ``Field`` or ``File``, then ``Data`` until its ``more_data`` ends.

    Raises InvalidInput for a body that is not multipart or is cut short, and Werkzeug's
    RequestEntityTooLarge for headers or numbers of parts that no honest client sends.
    """
    decoder = MultipartDecoder(boundary.encode(), max_form_memory_size=_MAX_BUFFER, max_parts=_MAX_PARTS)
    for piece in _pieces(stream, len(boundary)):
        decoder.receive_data(piece)
        event = _next_event(decoder)
        while not isinstance(event, NeedData | Epilogue):
            yield event
            event = _next_event(decoder)


def _pieces(stream: IO[bytes], boundary_length: int) -> Iterator[bytes | None]:
    """The body, cut so that no piece ends within a boundary; None at the end.

    Werkzeug 3.1.9 takes the line break before a boundary for content, and so adds a byte to the
    file, if what it was given ends between the boundary and what ends that boundary's line.
    """
    reach = boundary_length + _BOUNDARY_ROOM
    pending = b""
    while data := _read(stream):
        pending += data
        line_break = _LINE_BREAK.search(pending, max(0, len(pending) - reach))
        cut = line_break.start() if line_break else len(pending)
        yield pending[:cut]
        pending = pending[cut:]
    yield pending
    yield None


def _next_event(decoder: MultipartDecoder) -> Event:
    try:
        return decoder.next_event()
    except ValueError as error:  # also a header that is not UTF-8
        raise InvalidInput(
            "The multipart body cannot be read: it is cut short or malformed. Send it again.",
            "malformed_multipart",
        ) from error


def _read(stream: IO[bytes]) -> bytes:
    try:
        return stream.read(READ_BYTES)
    except HTTPException:
        raise
    except Exception as error:
        # Servers have no common error for a body that breaks off; nothing but they run here.
        raise BadRequest from error

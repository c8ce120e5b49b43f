"""A multipart body as it arrives: no part of it is ever collected, let alone written to a disk.

Werkzeug's own form parser spools files to temporary files in plaintext; only its decoder, which
does no input or output, is used here. It reads the heads of parts and what is around boundaries. A
block within a part that holds no boundary, which is nearly all of a recording, goes past it: the
decoder would copy it several times.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from werkzeug.datastructures import Headers
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio import multipart as sansio
from werkzeug.sansio.multipart import Epilogue, Event, Field, File, MultipartDecoder, NeedData

from api.server.bodies import read_into
from shared.domain.errors import InvalidInput, TooLarge
from shared.domain.ports import Block

__all__ = ["Data", "Field", "File", "events"]

BLOCK_BYTES = 1024 * 1024
# Bounds what a part's headers, the boundary and the text around the parts may take up in memory.
_MAX_BUFFER = 2 * BLOCK_BYTES
_MAX_PARTS = 50
# The line breaks and dashes around a boundary, and some blanks that RFC 2046 lets follow it.
_BOUNDARY_ROOM = 16
_LINE_BREAK = re.compile(rb"[\r\n]")


class _Decoder(MultipartDecoder):
    """Werkzeug's, for clients too that write a file's name in the encoding of Western Windows."""

    def _parse_headers(self, data: bytes | bytearray) -> Headers:
        try:
            return super()._parse_headers(data)
        except UnicodeDecodeError:
            return super()._parse_headers(bytes(data).decode("cp1252", "replace").encode())


@dataclass(frozen=True, slots=True)
class Data:
    """More of the part's content, valid until the next event: its memory is used again."""

    data: Block


def events(stream: IO[bytes], boundary: str, max_bytes: int | None = None) -> Iterator[Field | File | Data]:
    """What happens in the body: ``Field`` or ``File``, then its ``Data``, perhaps empty.

    Raises InvalidInput for a body that is not multipart or is cut short, TooLarge for headers or
    numbers of parts that no honest client sends, and Werkzeug's RequestEntityTooLarge beyond
    ``max_bytes``.
    """
    return _Body(stream, boundary.encode(), max_bytes).events()


class _Body:
    def __init__(self, stream: IO[bytes], boundary: bytes, max_bytes: int | None) -> None:
        self._stream = stream
        self._left = max_bytes
        self._decoder = _Decoder(boundary, max_form_memory_size=_MAX_BUFFER, max_parts=_MAX_PARTS)
        self._marker = b"--" + boundary
        self._reach = len(boundary) + _BOUNDARY_ROOM
        self._buffer = bytearray(BLOCK_BYTES + self._reach)
        self._held = 0  # bytes at the buffer's start that may begin a boundary

    def events(self) -> Iterator[Field | File | Data]:
        """See the function of this name."""
        with memoryview(self._buffer) as view:
            while count := self._fill(view):
                filled = self._held + count
                cut = self._cut(filled)
                if self._is_plain(filled):
                    yield Data(view[:cut])
                else:
                    yield from self._decoded(bytes(view[:cut]))
                self._held = filled - cut
                view[: self._held] = bytes(view[cut:filled])
            yield from self._decoded(bytes(view[: self._held]))
            yield from self._decoded(None)

    def _fill(self, view: memoryview) -> int:
        count = read_into(self._stream, view[self._held :])
        if self._left is not None:
            self._left -= count
            if self._left < 0:
                raise RequestEntityTooLarge
        return count

    def _cut(self, filled: int) -> int:
        """Where to cut what is there, so that no piece ends within a boundary.

        Werkzeug 3.1.9 takes the line break before a boundary for content, and so adds a byte to the
        file, if what it was given ends between the boundary and what ends that boundary's line.
        """
        line_break = _LINE_BREAK.search(self._buffer, max(0, filled - self._reach), filled)
        return line_break.start() if line_break else filled

    def _is_plain(self, filled: int) -> bool:
        """Whether all that is there is content of a part, and the decoder holds nothing back."""
        within = self._decoder.state is sansio.State.DATA and not self._decoder.buffer
        return within and self._buffer.find(self._marker, 0, filled) < 0

    def _decoded(self, data: bytes | None) -> Iterator[Field | File | Data]:
        with _as_ours():
            self._decoder.receive_data(data)
        event = self._next_event()
        while not isinstance(event, NeedData | Epilogue):
            if isinstance(event, sansio.Data):
                yield Data(event.data)
            elif isinstance(event, Field | File):
                yield event
            event = self._next_event()

    def _next_event(self) -> Event:
        with _as_ours():
            return self._decoder.next_event()


@contextmanager
def _as_ours() -> Iterator[None]:
    """Raise our errors for what the decoder raises."""
    try:
        yield
    except RequestEntityTooLarge as error:
        raise TooLarge(
            f"The form has more than {_MAX_PARTS} parts, or a part's headers are too long.", "form_too_large"
        ) from error
    except ValueError as error:
        raise InvalidInput(
            "The multipart body cannot be read: it is cut short or malformed. Send it again.",
            "malformed_multipart",
        ) from error

"""The recording as the decoder child sees it: a file whose bytes the parent hands over."""

import io
import os
from collections import OrderedDict
from typing import NoReturn

from shared.media.isolation import wire

_BLOCKS_KEPT = 8


def write_all(descriptor: int, data: bytes) -> None:
    """Write the whole of ``data``; plain write(2), because the child may not use send(2)."""
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(descriptor, view) :]
        except OSError:
            _leave()


def read_exactly(descriptor: int, length: int) -> bytes:
    """``length`` bytes."""
    data = bytearray()
    while len(data) < length:
        part = os.read(descriptor, length - len(data))
        if not part:
            _leave()
        data += part
    return bytes(data)


def _leave() -> NoReturn:
    """End the child: the parent is gone, and FFmpeg would take an exception for a bad file."""
    os._exit(1)


def receive(descriptor: int, kind: wire.Kind) -> bytes:
    """The payload of the next message from the parent, which must be of ``kind``."""
    received, length = wire.HEADER.unpack(read_exactly(descriptor, wire.HEADER.size))
    if received != kind:
        _leave()
    return read_exactly(descriptor, length)


class _Seekable:
    """A position in a file of ``size`` bytes."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._position = 0

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to ``offset`` and say where we are."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise OSError("seek before the start")
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        """Where we are."""
        return self._position


class RemoteFile(_Seekable):
    """Just enough of a binary file for FFmpeg: read, seek and tell over the job's socket.

    A few blocks are kept, so that a file whose index is at its end, or whose sound and picture
    lie apart, does not fetch the same bytes again and again.
    """

    def __init__(self, descriptor: int, size: int) -> None:
        super().__init__(size)
        self._descriptor = descriptor
        self._blocks: OrderedDict[int, bytes] = OrderedDict()

    def read(self, length: int) -> bytes:
        """Up to ``length`` bytes, empty at the end; never more, FFmpeg's buffer has no room."""
        if length <= 0 or not 0 <= self._position < self._size:
            return b""
        number, inside = divmod(self._position, wire.READ_BLOCK)
        data = self._block(number)[inside : inside + length]
        self._position += len(data)
        return data

    def _block(self, number: int) -> bytes:
        if number in self._blocks:
            self._blocks.move_to_end(number)
            return self._blocks[number]
        offset = number * wire.READ_BLOCK
        wanted = wire.READ_REQUEST.pack(offset, min(wire.READ_BLOCK, self._size - offset))
        write_all(self._descriptor, wire.pack(wire.Kind.READ, wanted))
        self._blocks[number] = receive(self._descriptor, wire.Kind.DATA)
        if len(self._blocks) > _BLOCKS_KEPT:
            self._blocks.popitem(last=False)
        return self._blocks[number]


class Window(_Seekable):
    """A part of a file as a file of its own."""

    def __init__(self, file: RemoteFile, offset: int, size: int) -> None:
        super().__init__(size)
        self._file = file
        self._offset = offset

    def read(self, length: int) -> bytes:
        """Up to ``length`` bytes, empty at the end."""
        self._file.seek(self._offset + self._position)
        data = self._file.read(min(length, self._size - self._position))
        self._position += len(data)
        return data

"""What FFmpeg does not tell of a recording's header, read by ourselves (in the decoder child)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

# Recorders that cannot go back to the header write the largest size that it holds, or half of it.
_OPEN_ENDED_BYTES = 2**31 - 2**16
# Before the sound there are a few chunks of a few kilobytes in any honest file.
_MOST_CHUNKS = 32


class BinaryFile(Protocol):
    """What FFmpeg reads from."""

    def read(self, length: int) -> bytes: ...

    def seek(self, offset: int, whence: int = 0) -> int: ...

    def tell(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Header:
    """``wav_bytes``: how much sound a WAV promises (FFmpeg tells what the file holds instead), None for
    other files. ``in_fragments``: an MP4 in fragments, as live recorders write it."""

    wav_bytes: int | None
    in_fragments: bool


def read_header(file: BinaryFile, size: int) -> Header:
    """The header of ``file`` (``size`` bytes), which is then at its beginning."""
    header = Header(_promised_wav_bytes(file), _is_in_fragments(file, size))
    file.seek(0)
    return header


def _promised_wav_bytes(file: BinaryFile) -> int | None:
    """None also where the header promises nothing: written to a pipe, it says 4 GiB or 2."""
    if not file.read(12).startswith(b"RIFF"):
        return None
    for _ in range(_MOST_CHUNKS):
        chunk = file.read(8)
        length = int.from_bytes(chunk[4:], "little")
        if chunk[:4] == b"data":
            return length if 0 < length < _OPEN_ENDED_BYTES else None
        if len(chunk) < 8:
            break
        file.seek(length + length % 2, 1)
    return None


def _is_in_fragments(file: BinaryFile, size: int) -> bool:
    """By ISO/IEC 14496-12, 8.8: a file with fragments has a box ``mvex`` in its ``moov``."""
    for kind, begins, end in _boxes(file, 0, size):
        if kind == b"moov":
            return any(inner == b"mvex" for inner, _, _ in _boxes(file, begins, end))
    return False


def _boxes(file: BinaryFile, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """The kind of each box between ``at`` and ``end``, and where what it holds begins and ends."""
    for _ in range(_MOST_CHUNKS):
        file.seek(at)
        header = file.read(16)
        header += file.read(16 - len(header))  # a read ends with a block
        length, kind, begins = int.from_bytes(header[:4], "big"), header[4:8], at + 8
        if length == 1:
            length, begins = int.from_bytes(header[8:], "big"), at + 16
        elif length == 0:
            length = end - at
        if len(header) < 8 or at + length < begins or begins > end:
            return
        yield kind, begins, min(at + length, end)
        at += length

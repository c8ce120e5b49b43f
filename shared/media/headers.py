"""What FFmpeg does not tell of a recording's header, read by ourselves (in the decoder child)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

# Recorders that cannot go back to the header write the largest size that it holds, or half of it.
_OPEN_ENDED_BYTES = 2**31 - 2**16
# Before the sound there are a few chunks of a few kilobytes in any honest file.
_MOST_CHUNKS = 32
# A fragmented MP4 has two boxes a fragment: four hours in fragments of two seconds.
_MOST_BOXES = 16_384
# Less than this after the promised sound of a WAV is a tag or padding.
_LEAST_SOUND_BYTES = 4096
# Tags in front of the table: the side information of a frame is 32 bytes at most, a frame 2,881.
_FIRST_FRAME_BYTES = 4096


class BinaryFile(Protocol):
    """What FFmpeg reads from."""

    def read(self, length: int) -> bytes: ...

    def seek(self, offset: int, whence: int = 0) -> int: ...

    def tell(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Header:
    """``wav_bytes``: how much sound a WAV promises (FFmpeg tells what the file holds instead), None for
    other files. ``in_fragments``: an MP4 in fragments, as live recorders write it. ``is_stale``: a WAV whose
    sound goes on beyond what its header promises, because the recorder died before it wrote the length.
    ``states_length``: False for an MP3 without a table of its length, which FFmpeg then guesses."""

    wav_bytes: int | None
    in_fragments: bool
    is_stale: bool = False
    states_length: bool = True


def read_header(file: BinaryFile, size: int) -> Header:
    """The header of ``file`` (``size`` bytes), which is then at its beginning."""
    file.seek(0)
    wav_bytes, is_stale = _promised_wav_bytes(file, size)
    header = Header(wav_bytes, _is_in_fragments(file, size), is_stale, _states_length(file))
    file.seek(0)
    return header


def find_parts(file: BinaryFile, size: int) -> list[tuple[int, int]]:
    """Where each recording of ``file`` lies (offset and bytes): recorders and tools join files end to end.

    FFmpeg reads the first alone of two MP4 or two WAV files in a row.
    """
    file.seek(0)
    opening = read_fully(file, 12)
    begins = [0]
    if opening[4:8] == b"ftyp":
        begins += _further_mp4(file, size)
    elif opening[:4] == b"RIFF":
        begins += _further_wav(file, size, opening)
    file.seek(0)
    return [(begin, end - begin) for begin, end in zip(begins, [*begins[1:], size], strict=True)]


def _further_mp4(file: BinaryFile, size: int) -> Iterator[int]:
    """Where MP4 files begin after the first: each has its own index."""
    has_index = False
    for kind, inside, _ in boxes(file, 0, size, most=_MOST_BOXES):
        if kind == b"ftyp" and has_index:
            yield inside - 8
            has_index = False
        has_index = has_index or kind == b"moov"


def _further_wav(file: BinaryFile, size: int, opening: bytes) -> list[int]:
    """Where WAV files begin after the first, whose 12 bytes of ``opening`` are read."""
    begins: list[int] = []
    at = 0
    while opening[:4] == b"RIFF" and len(begins) < _MOST_CHUNKS - 1:
        at += 8 + int.from_bytes(opening[4:8], "little")
        file.seek(min(at, size))
        opening = read_fully(file, 12)
        if opening[:4] == b"RIFF" and opening[8:12] == b"WAVE":
            begins.append(at)
    return begins


def _promised_wav_bytes(file: BinaryFile, size: int) -> tuple[int | None, bool]:
    """The promised bytes, and whether the sound goes on beyond them.

    None where the header promises nothing: written to a pipe, it says 4 GiB or 2, or 0.
    """
    if not read_fully(file, 12).startswith(b"RIFF"):
        return None, False
    for _ in range(_MOST_CHUNKS):
        chunk = read_fully(file, 8)
        length = int.from_bytes(chunk[4:], "little")
        if chunk[:4] == b"data":
            end = file.tell() + length + length % 2
            is_stale = length < _OPEN_ENDED_BYTES and not _are_chunks(file, end, size)
            return (length if 0 < length < _OPEN_ENDED_BYTES and not is_stale else None), is_stale
        if len(chunk) < 8:
            break
        file.seek(length + length % 2, 1)
    return None, False


def _are_chunks(file: BinaryFile, at: int, size: int) -> bool:
    """Whether what follows at ``at`` is nothing, padding, another file, or chunks that fill the file."""
    if size - at < _LEAST_SOUND_BYTES:
        return True
    for _ in range(_MOST_CHUNKS):
        if size - at < 8:
            return True
        file.seek(at)
        chunk = read_fully(file, 8)
        name, length = chunk[:4], int.from_bytes(chunk[4:], "little")
        if name == b"RIFF":
            return True
        if not all(byte == 32 or 48 <= byte < 123 for byte in name) or at + 8 + length > size + 1:
            return False
        at += 8 + length + length % 2
    return True


def _states_length(file: BinaryFile) -> bool:
    """Whether an MP3's first frame holds the table that states the length (Xing, Info or VBRI)."""
    file.seek(0)
    opening = read_fully(file, 10)
    at = 0
    if opening[:3] == b"ID3":
        at = 10 + sum(
            (byte & 127) << shift for byte, shift in zip(opening[6:10], (21, 14, 7, 0), strict=True)
        )
        file.seek(at)
        opening = read_fully(file, 10)
    if not (len(opening) > 1 and opening[0] == 0xFF and opening[1] & 0xE0 == 0xE0):
        return True  # no bare MPEG audio here
    file.seek(at)
    frame = read_fully(file, _FIRST_FRAME_BYTES)
    return any(name in frame for name in (b"Xing", b"Info", b"VBRI"))


def _is_in_fragments(file: BinaryFile, size: int) -> bool:
    """By ISO/IEC 14496-12, 8.8: a file with fragments has a box ``mvex`` in its ``moov``."""
    for kind, begins, end in boxes(file, 0, size):
        if kind == b"moov":
            return any(inner == b"mvex" for inner, _, _ in boxes(file, begins, end))
    return False


def boxes(file: BinaryFile, at: int, end: int, most: int = _MOST_CHUNKS) -> Iterator[tuple[bytes, int, int]]:
    """The kind of each box between ``at`` and ``end``, and where what it holds begins and ends."""
    for _ in range(most):
        if at >= end:
            return
        file.seek(at)
        header = read_fully(file, 16)
        length, kind, begins = int.from_bytes(header[:4], "big"), header[4:8], at + 8
        if length == 1:
            length, begins = int.from_bytes(header[8:], "big"), at + 16
        elif length == 0:
            length = end - at
        if len(header) < 8 or at + length < begins or begins > end:
            return
        yield kind, begins, min(at + length, end)
        at += length


def read_fully(file: BinaryFile, length: int) -> bytes:
    """``length`` bytes, or what there is: a single read ends with a block."""
    data = file.read(length)
    while data and len(data) < length and (more := file.read(length - len(data))):
        data += more
    return data

"""What a joined recording says of itself: which recordings were joined to it, and where each begins."""

import struct
from collections.abc import Iterable, Mapping
from uuid import UUID

from shared.domain.ports import ByteSource
from shared.domain.transcripts.off_record import Ranges, before_end
from shared.domain.values import SAMPLE_RATE

# Between two recordings, so that they are heard to be two, and no stretch of speech reaches over the seam.
GAP_SECONDS = 2.0
# A chunk of the file before the sound, which players skip: ids, each with the frame at which it begins.
_NAME = b"join"
_ENTRY = struct.Struct("<16sQ")
_BEFORE = 36  # bytes of RIFF, WAVE and the format
_MOST_BYTES = 64 * 1024


def chunk(joined: Mapping[UUID, int]) -> bytes:
    """The chunk that says so; nothing where nothing was joined."""
    notes = b"".join(_ENTRY.pack(name.bytes, begin) for name, begin in joined.items())
    return _NAME + struct.pack("<I", len(notes)) + notes if notes else b""


def joined_in(recording: ByteSource) -> dict[UUID, int]:
    """What was joined in this file, and the frame at which each begins; nothing where it does not say.

    A client's file may have such a chunk too, or claim one that is longer than the file.
    """
    head = recording.read_at(0, _BEFORE + 8)
    if head[:4] != b"RIFF" or head[_BEFORE : _BEFORE + 4] != _NAME:
        return {}
    size = min(int.from_bytes(head[_BEFORE + 4 :], "little"), _MOST_BYTES)
    entries = recording.read_at(_BEFORE + 8, size)
    whole = entries[: len(entries) - len(entries) % _ENTRY.size]
    return {UUID(bytes=name): begin for name, begin in _ENTRY.iter_unpack(whole)}


def before_joined(ranges: Ranges, begins: Iterable[int]) -> Ranges:
    """``ranges`` of the recording that others join at these frames: what joins is not meant by one that ends
    behind it."""
    first = min(begins, default=None)
    return ranges if first is None else before_end(ranges, first / SAMPLE_RATE - GAP_SECONDS)

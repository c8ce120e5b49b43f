"""Recordings decoded one after the other, and written as one WAV file that says what was joined to it.

The stored recording is replaced in one move, and the database is told afterwards. If the worker dies in
between, the next one finds in the file itself what has been joined, and joins nothing twice.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.domain.ports import ByteSource
from shared.domain.transcripts.off_record import Ranges, silence
from shared.domain.values import BYTES_PER_SAMPLE, SAMPLE_RATE
from shared.services.steps.join_list import GAP_SECONDS, chunk
from shared.storage.pcm import mix

_BLOCK_FRAMES = SAMPLE_RATE * 8


@dataclass(frozen=True, slots=True)
class Piece:
    """One of the recordings in a row of PCM: its channels, and its bytes."""

    channels: int
    size: int

    @property
    def frames(self) -> int:
        return self.size // (BYTES_PER_SAMPLE * self.channels)


@dataclass(frozen=True, slots=True)
class Layout:
    """Recordings in a row; with unlike numbers of channels they are joined in mono."""

    pieces: Sequence[Piece]

    @property
    def channels(self) -> int:
        return min(piece.channels for piece in self.pieces)

    @property
    def begins(self) -> list[int]:
        """The frame at which each piece begins."""
        found, at = [], 0
        for piece in self.pieces:
            found.append(at)
            at += piece.frames + round(GAP_SECONDS * SAMPLE_RATE)
        return found

    @property
    def frames(self) -> int:
        return self.begins[-1] + self.pieces[-1].frames


def wav(pcm: ByteSource, layout: Layout, ranges: Ranges, joined: Mapping[UUID, int]) -> Iterator[bytes]:
    """A WAV file of the pieces in ``pcm`` with ``ranges`` silenced, block by block."""
    channels = layout.channels
    frame = BYTES_PER_SAMPLE * channels
    form = struct.pack("<HHIIHH", 1, channels, SAMPLE_RATE, SAMPLE_RATE * frame, frame, 16)
    size = layout.frames * frame
    head = b"WAVEfmt " + struct.pack("<I", len(form)) + form
    head += chunk(joined)
    head += b"data" + struct.pack("<I", size)
    yield b"RIFF" + struct.pack("<I", len(head) + size) + head
    at = 0
    for piece, begin in zip(layout.pieces, layout.begins, strict=True):
        if begin:
            yield bytes(round(GAP_SECONDS * SAMPLE_RATE) * frame)
        for first, block in _blocks(pcm, at, piece):
            kept = bytearray(mix(block) if piece.channels > channels else block)
            silence(kept, begin + first, frame, ranges)
            yield bytes(kept)
        at += piece.size


def _blocks(pcm: ByteSource, at: int, piece: Piece) -> Iterator[tuple[int, bytes]]:
    """The blocks of a piece that lies at a byte of ``pcm``, each with its first frame within the piece."""
    frame = BYTES_PER_SAMPLE * piece.channels
    for first in range(0, piece.frames, _BLOCK_FRAMES):
        frames = min(_BLOCK_FRAMES, piece.frames - first)
        yield first, pcm.read_at(at + first * frame, frames * frame)

"""Objects that arrive in pieces, encrypted as they come: segments of frames, and a sealed index.

Layout: ``SSF2`` and a 32-byte salt; then segments, each a salt of its own and frames of 65,536 bytes
of plaintext (a segment's last one shorter) with a 16-byte tag each; at the end the index: the
lengths of the segments, sealed under the first salt, and its own length in four bytes.

A segment is written in one go and never continued: what is written again after an interruption,
perhaps with other content, is under another salt, so that a nonce never meets the same key twice.
The number of a segment is bound into its key and its length into the index: nothing can be
reordered, dropped, repeated or cut off. Until the index is there, a reader that knows the lengths (the
row of the upload) can read the object.

``SSF4`` is the same under a later version of the session's key (``frames``).
"""

import secrets
import struct
from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import accumulate

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.domain.ports import Block, ByteSource
from shared.vault.frames import (
    FRAME_BYTES,
    HEADER_BYTES,
    SALT_BYTES,
    TAG_BYTES,
    Frames,
    TamperedObject,
    cipher_of,
    new_header,
    nonce_of,
    version_in,
)
from shared.vault.keyring import FIRST

_MAGIC, _VERSIONED = b"SSF2", b"SSF4"
_NONCE_BYTES = 12
_LENGTH = struct.Struct(">Q")
_INDEX_SIZE = struct.Struct(">I")


def stored_bytes(length: int) -> int:
    """What a segment with so much plaintext takes up."""
    return SALT_BYTES + length + -(-length // FRAME_BYTES) * TAG_BYTES


def stored_before(lengths: Sequence[int]) -> int:
    """Where the segment after these begins; 0 for the first: the object's head is written with it."""
    return HEADER_BYTES + sum(map(stored_bytes, lengths)) if lengths else 0


class SegmentWriter(Frames):
    """One segment after those of ``lengths``; ``close`` ends it, ``close_object`` the object too."""

    def __init__(
        self, write: Callable[[Block], object], key: bytes, label: bytes, lengths: Sequence[int], head: bytes
    ) -> None:
        self._before = list(lengths)
        self._head_salt = head[len(_MAGIC) :]
        self._key, self._label = key, label
        salt = secrets.token_bytes(SALT_BYTES)
        super().__init__(write, _segment_cipher(key, salt, label, len(lengths)))
        write(salt if lengths else head + salt)

    @property
    def safe_lengths(self) -> list[int]:
        """The segments as far as they could be read, if the writer died now and what it wrote is durable."""
        return self._before + ([self.handed_on] if self.handed_on else [])

    @property
    def lengths(self) -> list[int]:
        """All segments, once this one is closed."""
        return self._before + ([self.size] if self.size else [])

    def close(self) -> None:
        """Write what is left."""
        lengths = self.lengths
        if self._held_bytes:
            self.end(flagged=False)
        self._before, self._index, self._held_bytes = lengths, 0, 0

    def close_object(self) -> None:
        """Write what is left, and the index: the object is whole."""
        self.close()
        cipher = cipher_of(self._key, self._head_salt, self._label + b":index")
        nonce = secrets.token_bytes(_NONCE_BYTES)
        plain = b"".join(map(_LENGTH.pack, self._before))
        index = nonce + cipher.encrypt(nonce, plain, None)
        self._write(index + _INDEX_SIZE.pack(len(index)))


def new_head(version: int = FIRST) -> bytes:
    """The first bytes of a new object under this version of its session's key."""
    return new_header(_MAGIC, _VERSIONED, version)


def is_segmented(head: bytes) -> bool:
    """Whether an object that begins so is one of segments."""
    return head.startswith((_MAGIC, _VERSIONED))


def key_version(head: bytes) -> int:
    """The version of its session's key that an object with this head is under."""
    return version_in(head, _VERSIONED)


def _segment_cipher(key: bytes, salt: bytes, label: bytes, number: int) -> AESGCM:
    return cipher_of(key, salt, label + b":segment:%d" % number)


class SegmentReader:
    """The plaintext of such an object, at random (a ``ByteSource``); ``lengths`` if it has no index yet."""

    def __init__(
        self, source: ByteSource, key: bytes, label: bytes, lengths: Sequence[int] | None = None
    ) -> None:
        head = source.read_at(0, HEADER_BYTES)
        if len(head) != HEADER_BYTES or not is_segmented(head):
            raise TamperedObject("not an encrypted object")
        self._source, self._key, self._label = source, key, label
        if lengths is None:
            lengths = self._index(head[len(_MAGIC) :])
        self._lengths = list(lengths)
        self._starts = [0, *accumulate(lengths)]
        self._stored = [HEADER_BYTES, *accumulate(map(stored_bytes, lengths), initial=HEADER_BYTES)][1:]
        self._cipher_of_segment = lru_cache(maxsize=8)(self._segment_cipher)
        self._cached: tuple[tuple[int, int], bytes] = ((-1, -1), b"")

    @property
    def size(self) -> int:
        """Length of the plaintext in bytes."""
        return self._starts[-1]

    def read_at(self, offset: int, length: int) -> bytes:
        """Plaintext from ``offset``; raises TamperedObject rather than give a changed byte."""
        end = min(offset + length, self.size)
        found = bytearray()
        while 0 <= offset < end:
            segment = bisect_right(self._starts, offset) - 1
            within = offset - self._starts[segment]
            frame, skip = divmod(within, FRAME_BYTES)
            piece = self._frame(segment, frame)[skip : skip + end - offset]
            found += piece
            offset += len(piece)
        return bytes(found)

    def verify_end(self) -> None:
        """The index has said where the end is."""

    def _index(self, salt: bytes) -> list[int]:
        size_at = self._source.size - _INDEX_SIZE.size
        try:
            (size,) = _INDEX_SIZE.unpack(self._source.read_at(size_at, _INDEX_SIZE.size))
            index = self._source.read_at(size_at - size, size)
            cipher = cipher_of(self._key, salt, self._label + b":index")
            plain = cipher.decrypt(index[:_NONCE_BYTES], index[_NONCE_BYTES:], None)
        except (InvalidTag, struct.error, ValueError):
            raise TamperedObject("the index does not open") from None
        return [length for (length,) in _LENGTH.iter_unpack(plain)]

    def _segment_cipher(self, segment: int) -> AESGCM:
        salt = self._source.read_at(self._stored[segment], SALT_BYTES)
        return _segment_cipher(self._key, salt, self._label, segment)

    def _frame(self, segment: int, frame: int) -> bytes:
        which, plaintext = self._cached
        if which == (segment, frame):
            return plaintext
        size = min(FRAME_BYTES, self._lengths[segment] - frame * FRAME_BYTES)
        at = self._stored[segment] + SALT_BYTES + frame * (FRAME_BYTES + TAG_BYTES)
        try:
            sealed = self._source.read_at(at, size + TAG_BYTES)
            plaintext = self._cipher_of_segment(segment).decrypt(nonce_of(frame, False), sealed, None)
        except (InvalidTag, ValueError):
            raise TamperedObject("a frame does not open") from None
        self._cached = ((segment, frame), plaintext)
        return plaintext

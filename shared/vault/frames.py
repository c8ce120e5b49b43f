"""Objects encrypted in 64 KiB AES-256-GCM frames: streamed in, read at random, tamper-evident.

Layout: ``SSF1`` and a 32-byte salt, then frames of 65,536 bytes of plaintext (the last one
shorter) with a 16-byte tag each. The object's own key is HKDF-SHA256 of the session's key
and the salt, so a nonce can never meet the same key twice; the nonce is the frame's number
and a flag that marks the last frame. This is the STREAM construction of Hoang, Reyhanitabar,
Rogaway and Vizár (CRYPTO 2015): reordered, dropped, repeated or cut-off frames do not open.
"""

import secrets
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.domain.ports import ByteSource

FRAME_BYTES = 64 * 1024
TAG_BYTES = 16
_MAGIC = b"SSF1"
_SALT_BYTES = 32
HEADER_BYTES = len(_MAGIC) + _SALT_BYTES


class TamperedObject(Exception):
    """A stored object is not what was written: cut, changed, moved or sealed by another key."""


def _cipher(key: bytes, salt: bytes, label: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt, b"sessionscribe frames v1:" + label).derive(key))


def _nonce(index: int, last: bool) -> bytes:
    return index.to_bytes(11, "big") + (b"\x01" if last else b"\x00")


class FrameWriter:
    """Encrypts what is written and hands it on; ``close`` writes the last frame.

    ``label`` names the object (practice, session, kind); reading needs the same one.
    """

    def __init__(self, write: Callable[[bytes], object], key: bytes, label: bytes) -> None:
        salt = secrets.token_bytes(_SALT_BYTES)
        self._write = write
        self._cipher = _cipher(key, salt, label)
        self._pending = bytearray()
        self._index = 0
        self._write(_MAGIC + salt)

    def write(self, data: bytes) -> None:
        """Take more plaintext; whole frames go out at once."""
        self._pending += data
        # One byte always stays behind: whether a full frame is the last is known only at the end.
        whole = (len(self._pending) - 1) // FRAME_BYTES
        if whole <= 0:
            return
        with memoryview(self._pending) as view:
            for start in range(0, whole * FRAME_BYTES, FRAME_BYTES):
                self._emit(view[start : start + FRAME_BYTES], last=False)
        del self._pending[: whole * FRAME_BYTES]

    def close(self) -> None:
        """Write what is left as the last frame."""
        self._emit(self._pending, last=True)

    def _emit(self, plaintext: bytearray | memoryview, last: bool) -> None:
        self._write(self._cipher.encrypt(_nonce(self._index, last), plaintext, None))
        self._index += 1


class FrameReader:
    """The plaintext of an encrypted object, at random (a ``ByteSource``)."""

    def __init__(self, source: ByteSource, key: bytes, label: bytes) -> None:
        header = source.read_at(0, HEADER_BYTES)
        body = source.size - HEADER_BYTES
        if len(header) != HEADER_BYTES or not header.startswith(_MAGIC) or body < TAG_BYTES:
            raise TamperedObject("not an encrypted object")
        self._source = source
        self._cipher = _cipher(key, header[len(_MAGIC) :], label)
        self._frames = -(-body // (FRAME_BYTES + TAG_BYTES))
        self._size = body - self._frames * TAG_BYTES
        self._cached: tuple[int, bytes] = (-1, b"")

    @property
    def size(self) -> int:
        """Length of the plaintext in bytes."""
        return self._size

    def read_at(self, offset: int, length: int) -> bytes:
        """Plaintext from ``offset``; raises TamperedObject rather than give a changed byte."""
        end = min(offset + length, self._size)
        if offset < 0 or offset >= end:
            return b""
        first, last = offset // FRAME_BYTES, (end - 1) // FRAME_BYTES
        joined = b"".join(self._frame(index) for index in range(first, last + 1))
        skip = offset - first * FRAME_BYTES
        return joined[skip : skip + end - offset]

    def verify_end(self) -> None:
        """Open the last frame: raises TamperedObject if the object was cut at a frame's edge."""
        self._frame(self._frames - 1)

    def _frame(self, index: int) -> bytes:
        number, plaintext = self._cached
        if number == index:
            return plaintext
        stored = FRAME_BYTES + TAG_BYTES
        sealed = self._source.read_at(HEADER_BYTES + index * stored, stored)
        try:
            plaintext = self._cipher.decrypt(_nonce(index, index == self._frames - 1), sealed, None)
        except InvalidTag:
            raise TamperedObject("a frame does not open") from None
        self._cached = (index, plaintext)
        return plaintext

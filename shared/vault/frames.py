"""Objects encrypted in 64 KiB AES-256-GCM frames: streamed in, read at random, tamper-evident.

Layout: ``SSF1`` and a 32-byte salt, then frames of 65,536 bytes of plaintext (the last one
shorter) with a 16-byte tag each. The object's own key is HKDF-SHA256 of the session's key
and the salt, so a nonce can never meet the same key twice; the nonce is the frame's number
and a flag that marks the last frame. This is the STREAM construction of Hoang, Reyhanitabar,
Rogaway and Vizár (CRYPTO 2015): reordered, dropped, repeated or cut-off frames do not open.

``SSF3`` is the same under a later version of the session's key: the first four bytes of its salt are the
version, so that the version is bound into the key.
"""

import secrets
import struct
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.domain.ports import Block, ByteSource
from shared.vault.keyring import FIRST

FRAME_BYTES = 64 * 1024
TAG_BYTES = 16
_MAGIC, _VERSIONED = b"SSF1", b"SSF3"
SALT_BYTES = 32
HEADER_BYTES = len(_MAGIC) + SALT_BYTES
_NUMBER = struct.Struct(">I")
_BATCH_FRAMES = 17  # a block of 1 MiB, and the frame that was begun before it


class TamperedObject(Exception):
    """A stored object is not what was written: cut, changed, moved or sealed by another key."""


def cipher_of(key: bytes, salt: bytes, label: bytes) -> AESGCM:
    """The cipher of an object, or of a part of one; never the same for another salt or label."""
    return AESGCM(HKDF(SHA256(), 32, salt, b"sessionscribe frames v1:" + label).derive(key))


def new_header(unversioned: bytes, versioned: bytes, version: int) -> bytes:
    """The first bytes of a new object under this version of its session's key."""
    if version == FIRST:
        return unversioned + secrets.token_bytes(SALT_BYTES)
    return versioned + _NUMBER.pack(version) + secrets.token_bytes(SALT_BYTES - _NUMBER.size)


def version_in(header: bytes, versioned: bytes) -> int:
    """The version of its session's key that an object with this header is under."""
    if not header.startswith(versioned) or len(header) < HEADER_BYTES:
        return FIRST
    return int(_NUMBER.unpack_from(header, len(versioned))[0])


def key_version(header: bytes) -> int:
    """As ``version_in``, of an object of frames."""
    return version_in(header, _VERSIONED)


def nonce_of(index: int, last: bool) -> bytes:
    """The nonce of a frame, by its number."""
    return index.to_bytes(11, "big") + (b"\x01" if last else b"\x00")


class Frames:
    """Encrypts what is written and hands it on, many frames at once.

    What ``write`` is handed is used again afterwards: it must not keep it.
    """

    def __init__(self, write: Callable[[Block], object], cipher: AESGCM) -> None:
        self._write = write
        self._cipher = cipher
        # The frame that is being filled. One byte always stays in it: whether a full frame is the
        # last is known only at the end.
        self._held = bytearray(FRAME_BYTES)
        self._held_bytes = 0
        self._sealed = bytearray(_BATCH_FRAMES * (FRAME_BYTES + TAG_BYTES))
        self._sealed_bytes = 0
        self._index = 0

    @property
    def size(self) -> int:
        """Bytes of plaintext so far."""
        return self.handed_on + self._held_bytes

    @property
    def handed_on(self) -> int:
        """Bytes of plaintext in the whole frames that went out."""
        return self._index * FRAME_BYTES

    def write(self, data: Block) -> None:
        """Take more plaintext; whole frames go out at once. Large blocks are not copied."""
        with memoryview(data) as view:
            start = self._fill_held(view)
            while len(view) - start > FRAME_BYTES:
                self._seal(view[start : start + FRAME_BYTES], last=False)
                start += FRAME_BYTES
            rest = len(view) - start
            self._held[self._held_bytes : self._held_bytes + rest] = view[start:]
            self._held_bytes += rest
        self._hand_on()

    def end(self, *, flagged: bool) -> None:
        """Write what is left as the last frame, ``flagged`` as such; nothing may follow."""
        with memoryview(self._held) as held:
            self._seal(held[: self._held_bytes], last=flagged)
        self._hand_on()

    def _fill_held(self, view: memoryview) -> int:
        """Complete the frame that was begun, if more comes after it; gives what that took of ``view``."""
        wanted = FRAME_BYTES - self._held_bytes
        if not self._held_bytes or len(view) <= wanted:
            return 0
        self._held[self._held_bytes :] = view[:wanted]
        self._seal(self._held, last=False)
        self._held_bytes = 0
        return wanted

    def _seal(self, plaintext: bytearray | memoryview, last: bool) -> None:
        size = len(plaintext) + TAG_BYTES
        if self._sealed_bytes + size > len(self._sealed):
            self._hand_on()
        with memoryview(self._sealed) as sealed:
            room = sealed[self._sealed_bytes : self._sealed_bytes + size]
            self._cipher.encrypt_into(nonce_of(self._index, last), plaintext, None, room)
        self._sealed_bytes += size
        self._index += 1

    def _hand_on(self) -> None:
        if self._sealed_bytes:
            with memoryview(self._sealed) as sealed:
                self._write(sealed[: self._sealed_bytes])
            self._sealed_bytes = 0


class FrameWriter(Frames):
    """An object that is written from its beginning to its end; ``close`` writes the last frame.

    ``label`` names the object (practice, session, kind); reading needs the same one.
    """

    def __init__(
        self, write: Callable[[Block], object], key: bytes, label: bytes, version: int = FIRST
    ) -> None:
        header = new_header(_MAGIC, _VERSIONED, version)
        super().__init__(write, cipher_of(key, header[len(_MAGIC) :], label))
        write(header)

    def close(self) -> None:
        """Write what is left as the last frame."""
        self.end(flagged=True)


class FrameReader:
    """The plaintext of an encrypted object, at random (a ``ByteSource``)."""

    def __init__(self, source: ByteSource, key: bytes, label: bytes) -> None:
        header = source.read_at(0, HEADER_BYTES)
        body = source.size - HEADER_BYTES
        if len(header) != HEADER_BYTES or not header.startswith((_MAGIC, _VERSIONED)) or body < TAG_BYTES:
            raise TamperedObject("not an encrypted object")
        self._source = source
        self._cipher = cipher_of(key, header[len(_MAGIC) :], label)
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
            plaintext = self._cipher.decrypt(nonce_of(index, index == self._frames - 1), sealed, None)
        except InvalidTag:
            raise TamperedObject("a frame does not open") from None
        self._cached = (index, plaintext)
        return plaintext

"""Wrapped keys: the versions of one key, encrypted under a version of the key above it.

Layout: ``SSK2``, the version of the wrapping key (four bytes), a nonce, and under AES-256-GCM the
versions, oldest first: a number (four bytes) and a key (32 bytes) each. The first eight bytes are
authenticated with the place that the key belongs to.

Until its first rotation a key is written as releases without versions wrote it: ``SSK1``, a nonce, and
the key alone, which is version 1 under version 1. So nothing has to be migrated, and the previous
release can read everything that no rotation has touched.
"""

import secrets
import struct
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
FIRST = 1
_NONCE_BYTES = 12
_UNVERSIONED, _VERSIONED = b"SSK1", b"SSK2"
_NUMBER = struct.Struct(">I")
_ENTRY_BYTES = _NUMBER.size + KEY_BYTES
_HEAD_BYTES = len(_VERSIONED) + _NUMBER.size


class KeyStoreError(RuntimeError):
    """The key store is missing, unreadable or damaged; the message says what to do."""


class KeyDamaged(KeyStoreError):
    """A wrapped key does not open."""

    def __init__(self) -> None:
        super().__init__("a key file is damaged or belongs elsewhere: restore the key store")


@dataclass(frozen=True, slots=True)
class Key:
    """One version of a key."""

    version: int
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The versions of a key, oldest first; there is more than one only while it is being rotated."""

    keys: tuple[Key, ...]

    @classmethod
    def new(cls) -> "KeyRing":
        """A ring with a new key."""
        return cls((Key(FIRST, secrets.token_bytes(KEY_BYTES)),))

    @property
    def current(self) -> Key:
        """The version that seals."""
        return self.keys[-1]

    def find(self, version: int) -> Key | None:
        """The key of this version, if it is there."""
        return next((key for key in self.keys if key.version == version), None)

    def with_next(self) -> "KeyRing":
        """The ring with one more version, which becomes the current one."""
        following = Key(self.current.version + 1, secrets.token_bytes(KEY_BYTES))
        return KeyRing((*self.keys, following))

    def with_current_alone(self) -> "KeyRing":
        """The ring without the earlier versions."""
        return KeyRing((self.current,))

    def pack(self) -> bytes:
        """The ring as bytes; a first version alone is its key, without a number."""
        if len(self.keys) == 1 and self.current.version == FIRST:
            return self.current.secret
        return b"".join(_NUMBER.pack(key.version) + key.secret for key in self.keys)

    @classmethod
    def unpack(cls, content: bytes) -> "KeyRing":
        """The ring of these bytes; raises KeyDamaged."""
        if len(content) == KEY_BYTES:
            return cls((Key(FIRST, content),))
        if not content or len(content) % _ENTRY_BYTES:
            raise KeyDamaged
        keys = []
        for at in range(0, len(content), _ENTRY_BYTES):
            (version,) = _NUMBER.unpack_from(content, at)
            keys.append(Key(version, content[at + _NUMBER.size : at + _ENTRY_BYTES]))
        return cls(tuple(keys))


def wrap(wrapping: Key, content: bytes, aad: bytes) -> bytes:
    """``content`` encrypted under ``wrapping`` for the place that ``aad`` names."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    if wrapping.version == FIRST and len(content) == KEY_BYTES:
        return _UNVERSIONED + nonce + AESGCM(wrapping.secret).encrypt(nonce, content, aad)
    head = _VERSIONED + _NUMBER.pack(wrapping.version)
    return head + nonce + AESGCM(wrapping.secret).encrypt(nonce, content, head + aad)


def wrapped_under(wrapped: bytes) -> int:
    """The version of the key that wrapped this; raises KeyDamaged."""
    if wrapped.startswith(_UNVERSIONED):
        return FIRST
    if wrapped.startswith(_VERSIONED) and len(wrapped) > _HEAD_BYTES:
        return int(_NUMBER.unpack(wrapped[len(_VERSIONED) : _HEAD_BYTES])[0])
    raise KeyDamaged


def unwrap(wrapping: Key, wrapped: bytes, aad: bytes) -> bytes:
    """What ``wrap`` was given; raises KeyDamaged."""
    if wrapped.startswith(_UNVERSIONED):
        body = wrapped[len(_UNVERSIONED) :]
    else:
        body, aad = wrapped[_HEAD_BYTES:], wrapped[:_HEAD_BYTES] + aad
    try:
        return AESGCM(wrapping.secret).decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], aad)
    except (InvalidTag, ValueError) as error:
        raise KeyDamaged from error

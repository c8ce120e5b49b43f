"""Sealed values: what clinical text is before it may reach a column of the database.

Layout: ``1``, a nonce and AES-256-GCM under version 1 of the subject's key; or ``2``, the version (four
bytes), a nonce and the same under that version.
"""

import json
import secrets
import struct
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from shared.vault.frames import TamperedObject
from shared.vault.keyring import FIRST, Key
from shared.vault.keystore import KeyStore

_UNVERSIONED, _VERSIONED = b"\x01", b"\x02"
_HEAD = struct.Struct(">cI")
_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Sealed:
    """Ciphertext of a value; the only thing an encrypted column takes or gives."""

    data: bytes

    def __repr__(self) -> str:
        return f"Sealed({len(self.data)} bytes)"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose key seals a value: a session or a patient, of one practice."""

    practice_id: UUID
    id: UUID


class Vault:
    """Seals and opens JSON values under the key of their subject."""

    def __init__(self, keys: KeyStore) -> None:
        self.keys = keys

    def seal(self, subject: Subject, kind: str, value: Any) -> Sealed:
        """Encrypt ``value`` (anything JSON can hold) as the ``kind`` of the subject.

        ``kind`` is bound in: a value moved to another row or column does not open.
        """
        key = self.keys.ring(subject.practice_id, subject.id).current
        nonce = secrets.token_bytes(_NONCE_BYTES)
        plaintext = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        sealed = _cipher(key).encrypt(nonce, plaintext, _aad(subject, kind))
        head = _UNVERSIONED if key.version == FIRST else _HEAD.pack(_VERSIONED, key.version)
        return Sealed(head + nonce + sealed)

    def open(self, subject: Subject, kind: str, sealed: Sealed) -> Any:
        """The value that was sealed; raises TamperedObject or KeyDestroyed."""
        version = key_version(sealed)
        body = sealed.data[1 if version == FIRST else _HEAD.size :]
        key = self.keys.ring(subject.practice_id, subject.id).find(version)
        if key is None:
            raise TamperedObject("a sealed value is under a version of its key that is gone")
        try:
            plaintext = _cipher(key).decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], _aad(subject, kind))
        except (InvalidTag, ValueError):
            raise TamperedObject("a sealed value does not open") from None
        return json.loads(plaintext)


def key_version(sealed: Sealed) -> int:
    """The version of its subject's key that a value is under; raises TamperedObject."""
    form = sealed.data[:1]
    if form == _UNVERSIONED:
        return FIRST
    if form == _VERSIONED and len(sealed.data) > _HEAD.size:
        version = int(_HEAD.unpack(sealed.data[: _HEAD.size])[1])
        if version != FIRST:  # which is written without a number, and in no other way
            return version
    raise TamperedObject("a sealed value has an unknown version")


def _cipher(key: Key) -> AESGCM:
    return AESGCM(HKDFExpand(SHA256(), 32, b"sessionscribe sealed values v1").derive(key.secret))


def _aad(subject: Subject, kind: str) -> bytes:
    return kind.encode() + b":" + subject.practice_id.bytes + subject.id.bytes

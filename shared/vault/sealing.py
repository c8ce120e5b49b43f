"""Sealed values: what clinical text is before it may reach a column of the database."""

import json
import secrets
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from shared.vault.frames import TamperedObject
from shared.vault.keystore import KeyStore

_VERSION = b"\x01"
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
        nonce = secrets.token_bytes(_NONCE_BYTES)
        plaintext = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        sealed = self._cipher(subject).encrypt(nonce, plaintext, _aad(subject, kind))
        return Sealed(_VERSION + nonce + sealed)

    def open(self, subject: Subject, kind: str, sealed: Sealed) -> Any:
        """The value that was sealed; raises TamperedObject or KeyDestroyed."""
        version, body = sealed.data[:1], sealed.data[1:]
        if version != _VERSION:
            raise TamperedObject("a sealed value has an unknown version")
        try:
            plaintext = self._cipher(subject).decrypt(
                body[:_NONCE_BYTES], body[_NONCE_BYTES:], _aad(subject, kind)
            )
        except (InvalidTag, ValueError):
            raise TamperedObject("a sealed value does not open") from None
        return json.loads(plaintext)

    def _cipher(self, subject: Subject) -> AESGCM:
        key = self.keys.key(subject.practice_id, subject.id)
        return AESGCM(HKDFExpand(SHA256(), 32, b"sessionscribe sealed values v1").derive(key))


def _aad(subject: Subject, kind: str) -> bytes:
    return kind.encode() + b":" + subject.practice_id.bytes + subject.id.bytes

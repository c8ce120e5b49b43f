"""Ed25519 signatures of a practice, and how a copy of one is checked without the practice."""

import base64
import binascii
import hashlib
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


def new_key() -> tuple[bytes, bytes]:
    """A new private key and its public key, 32 bytes each."""
    key = Ed25519PrivateKey.generate()
    return key.private_bytes_raw(), key.public_key().public_bytes_raw()


def sign(private_key: bytes, content: bytes) -> str:
    """The signature, in base64."""
    return encoded(Ed25519PrivateKey.from_private_bytes(private_key).sign(content))


def is_signed_by(public_key: Any, signature: Any, content: bytes) -> bool:
    """Whether the signature (base64) is that of the public key (base64); False for what is neither."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        key.verify(base64.b64decode(signature, validate=True), content)
    except (InvalidSignature, binascii.Error, ValueError, TypeError):
        return False
    return True


def fingerprint(public_key: str) -> str:
    """The SHA-256 of a public key (base64), in hex: what people compare."""
    return hashlib.sha256(base64.b64decode(public_key)).hexdigest()


def encoded(key: bytes) -> str:
    """As base64."""
    return base64.b64encode(key).decode()


def decoded(key: str) -> bytes:
    """From base64."""
    return base64.b64decode(key)

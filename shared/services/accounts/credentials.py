"""The form of an API key: made, read back, and turned into what the database keeps of it.

``ssk_<id>_<secret><checksum>``: 12 characters by which the key is found, 32 that are secret
(190 bit), and 6 of a CRC-32 over what stands before them, so that a slip of the finger is told
from a wrong key without asking the database, and secret scanners can tell a key from noise.
"""

import hmac
import re
import secrets
import string
import zlib
from dataclasses import dataclass, field

_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_ID, _SECRET, _CHECKSUM = 12, 32, 6
PATTERN = re.compile(rf"ssk_([0-9A-Za-z]{{{_ID}}})_([0-9A-Za-z]{{{_SECRET}}})([0-9A-Za-z]{{{_CHECKSUM}}})")


@dataclass(frozen=True, slots=True)
class Credential:
    """A whole key, as its owner holds it; ``prefix`` is the part by which it is found."""

    prefix: str
    secret: str = field(repr=False)

    def digest(self, pepper: bytes) -> bytes:
        """HMAC-SHA256 of the whole key: enough for a secret of 190 random bits (ASVS 6.5.2)."""
        return hmac.digest(pepper, self.secret.encode(), "sha256")


def mint() -> Credential:
    """A new key."""
    prefix, secret = _random(_ID), _random(_SECRET)
    body = f"ssk_{prefix}_{secret}"
    return Credential(prefix, body + _checksum(body))


def read(presented: str) -> Credential | None:
    """The key in ``presented``, or None if that is not a key or was mistyped."""
    match = PATTERN.fullmatch(presented)
    if match is None or _checksum(presented[:-_CHECKSUM]) != match.group(3):
        return None
    return Credential(match.group(1), presented)


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _checksum(body: str) -> str:
    number = zlib.crc32(body.encode())
    digits = ""
    for _ in range(_CHECKSUM):
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits

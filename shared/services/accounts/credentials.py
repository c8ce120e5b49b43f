"""The form of keys and enrolment codes: made, read back, and turned into what the database keeps of them.

``ssk_<id>_<secret><checksum>`` is a key and ``sse_…`` an enrolment code: 12 characters by which it is
found, 32 that are secret (190 bit), and 6 of a CRC-32 over what stands before them. The checksum tells
a typing error from a wrong key without asking the database, and secret scanners a key from noise.
"""

import hmac
import re
import secrets
import string
import zlib
from dataclasses import dataclass, field

_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_ID, _SECRET, _CHECKSUM = 12, 32, 6
KEY, ENROLMENT = "ssk", "sse"
PATTERN = re.compile(
    rf"({KEY}|{ENROLMENT})_([0-9A-Za-z]{{{_ID}}})_([0-9A-Za-z]{{{_SECRET}}})([0-9A-Za-z]{{{_CHECKSUM}}})"
)


@dataclass(frozen=True, slots=True)
class Credential:
    """A whole key, as its owner holds it; ``prefix`` is the part by which it is found."""

    prefix: str
    secret: str = field(repr=False)

    def digest(self, pepper: bytes) -> bytes:
        """HMAC-SHA256 of the whole key: enough for a secret of 190 random bits (ASVS 6.5.2)."""
        return hmac.digest(pepper, self.secret.encode(), "sha256")


def mint(kind: str = KEY) -> Credential:
    """A new key, or enrolment code."""
    prefix, secret = _random(_ID), _random(_SECRET)
    body = f"{kind}_{prefix}_{secret}"
    return Credential(prefix, body + _checksum(body))


def read(presented: str, kind: str = KEY) -> Credential | None:
    """The key (or code) in ``presented``, or None if that is none or was mistyped."""
    match = PATTERN.fullmatch(presented)
    if match is None or match[1] != kind or _checksum(presented[:-_CHECKSUM]) != match[4]:
        return None
    return Credential(match[2], presented)


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _checksum(body: str) -> str:
    number = zlib.crc32(body.encode())
    digits = ""
    for _ in range(_CHECKSUM):
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits

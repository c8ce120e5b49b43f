"""The chain's arithmetic: a keyed code for each line, and a keyed head over a batch and the head before.

Codes and heads need the key. So an attacker who writes the tables, but cannot read the key store, cannot
change, remove, insert or reorder lines unseen.
"""

import hmac
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

CODE_BYTES = 16
BEGINNING = b""  # the head before the first batch


def key_of(secret: bytes, practice_id: UUID) -> bytes:
    """The key of one practice's chain: a chain that is moved to another practice does not verify."""
    return HKDFExpand(SHA256(), 32, b"sessionscribe audit chain v1:" + practice_id.bytes).derive(secret)


def code(key: bytes, covered: Iterable[Any]) -> bytes:
    """The code of a line: of all its columns but the id, which its place in the batch covers."""
    text = json.dumps([_plain(value) for value in covered], separators=(",", ":"), ensure_ascii=False)
    return hmac.digest(key, b"line:" + text.encode(), "sha256")[:CODE_BYTES]


def head(
    key: bytes, previous: bytes, number: int, sealed_at: datetime, ids: Sequence[int], codes: bytes
) -> bytes:
    """The head of a batch: of its number, its time, its lines, and the head of the batch before."""
    parts = [number, _plain(sealed_at), list(ids)]
    text = json.dumps(parts, separators=(",", ":")).encode()
    return hmac.digest(key, b"head:" + previous + b":" + text + b":" + codes, "sha256")


def removal(
    key: bytes, number: int, last_head: bytes, lines: int, upto: datetime, removed_at: datetime
) -> bytes:
    """The code of a row that says that every batch up to ``number`` was removed by the practice's rule."""
    text = json.dumps([number, last_head.hex(), lines, _plain(upto), _plain(removed_at)]).encode()
    return hmac.digest(key, b"removal:" + text, "sha256")


def _plain(value: Any) -> str | int | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return str(value) if isinstance(value, UUID) else value

"""One way to write a JSON value (RFC 8785), and the hash of what is signed."""

import hashlib
from typing import Any
from uuid import UUID

import rfc8785

from shared.domain.values import JsonObject


def canonical(value: Any) -> str:
    """``value`` as the JSON Canonicalization Scheme writes it.

    Raises ValueError for NaN, infinity, and integers of 2**53 and more, which JSON cannot tell apart.
    """
    return rfc8785.dumps(value).decode()


def content_hash(session_id: UUID, version: int, document: JsonObject) -> str:
    """The SHA-256, in hex, of what is signed: a version of a session's notes, or an addendum.

    It is that of the canonical JSON of ``{"extracted_notes", "session_id", "version"}``, where
    ``extracted_notes`` is the document without ``draft``, the one value that signing changes.
    """
    signed = {name: value for name, value in document.items() if name != "draft"}
    whole = {"extracted_notes": signed, "session_id": str(session_id), "version": version}
    return hashlib.sha256(canonical(whole).encode()).hexdigest()

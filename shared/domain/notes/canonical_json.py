"""One way to write a JSON value (RFC 8785), and the hash of what is signed."""

import hashlib
import json
import math
from decimal import Decimal
from typing import Any
from uuid import UUID

from shared.domain.values import JsonObject

HASH_NAME = "sha-256"
_EXPONENT_FROM, _EXPONENT_TO = 1e-6, 1e21  # within, ECMAScript writes no exponent


def canonical(value: Any) -> str:
    """``value`` as the JSON Canonicalization Scheme writes it; raises ValueError for NaN and infinity."""
    if isinstance(value, dict):
        # By UTF-16 code units, as the scheme wants it; code points sort differently above U+FFFF.
        names = sorted(value, key=lambda name: str(name).encode("utf-16-be"))
        return "{" + ",".join(f"{_text(str(name))}:{canonical(value[name])}" for name in names) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(canonical(item) for item in value) + "]"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, str):
        return _text(value)
    return json.dumps(value)


def content_hash(session_id: UUID, version: int, document: JsonObject) -> str:
    """The SHA-256, in hex, of what is signed: a version of a session's notes, or an addendum.

    It is that of the canonical JSON of ``{"extracted_notes", "session_id", "version"}``, where
    ``extracted_notes`` is the document without ``draft``, the one value that signing changes.
    """
    signed = {name: value for name, value in document.items() if name != "draft"}
    whole = {"extracted_notes": signed, "session_id": str(session_id), "version": version}
    return hashlib.sha256(canonical(whole).encode()).hexdigest()


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _number(value: float) -> str:
    """As ECMAScript writes it: 1.0 is ``1``, 1e-7 is ``1e-7``."""
    if not math.isfinite(value):
        raise ValueError("JSON has no such number")
    if value == 0:
        return "0"
    if _EXPONENT_FROM <= abs(value) < _EXPONENT_TO:
        return f"{Decimal(repr(value)):f}".removesuffix(".0")
    mantissa, _, exponent = f"{value!r}".partition("e")
    if not exponent:  # repr turns to exponents only at 1e16 and below 1e-4
        mantissa, _, exponent = f"{value:e}".partition("e")
    mantissa = mantissa.removesuffix(".0")
    return f"{mantissa}e{int(exponent):+d}"

"""Stored notes of every release, as this release reads them.

Bodies are encrypted, so no migration can mend them: what a release before this one did not store is
filled in when they are opened. What is signed is never changed, since its hash is of what was stored.
"""

from copy import deepcopy
from typing import Any

from shared.domain.notes.fields import LIST_FIELDS, SENTENCE_FIELDS, TEXT_FIELDS
from shared.domain.values import JsonObject
from shared.domain.verification.evidence import MOOD_FIELDS

# Raised by the release that adds, drops or renames a field. Notes without a number are older than 2.
SCHEMA_VERSION = 3

_EMPTY: dict[str, Any] = {
    **{name: [] for name in LIST_FIELDS},
    **dict.fromkeys(TEXT_FIELDS, ""),
    **{name: value for name, (value, _) in MOOD_FIELDS.items()},
    "risk_statement": "",
    "field_evidence": {},
    "unsupported": [],
    "needs_review": False,
    "review_reasons": [],
    "completeness": None,
    "provenance": None,
    "draft": True,
    "engine": "unknown",
    "template": "default",
}
_FLAG: dict[str, Any] = {
    "severity": "medium", "negated": False, "asked_by_therapist": False, "temporality": "present",
    "about": "unclear", "figurative": False, "speaker": "", "found_by": [], "columbia": None,
}  # fmt: skip


def upgraded(document: JsonObject) -> JsonObject:
    """``document`` with every field that this release knows; an addendum stays as it is.

    A list, text or value that was not stored is empty. Nothing that was stored is changed, and a
    document by a newer release is given back as it is.
    """
    if "text" in document or document.get("schema_version", 1) >= SCHEMA_VERSION:
        return document
    result = _filled(document, _EMPTY) | {"schema_version": SCHEMA_VERSION}
    for field in SENTENCE_FIELDS:
        result["field_evidence"].setdefault(field, [])
    result["risk_flags"] = [_filled(flag, _FLAG) for flag in result["risk_flags"]]
    return result


def _filled(stored: JsonObject, empty: dict[str, Any]) -> JsonObject:
    """A copy of ``stored``, and behind what it has what it lacks."""
    return deepcopy(stored) | {name: deepcopy(value) for name, value in empty.items() if name not in stored}

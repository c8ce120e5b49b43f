"""What one version of the notes has that another has not: the difference that a person is shown."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any

from shared.domain.notes.canonical_json import canonical
from shared.domain.notes.fields import LIST_FIELDS, MOODS, SENTENCE_FIELDS
from shared.domain.values import JsonObject

# Two items are one that was changed, if their words are at least so alike.
ALIKE = 0.5
_VALUES = (*MOODS, "risk_statement", "template", "engine")
# What follows from the check or from who spoke; a change of that alone is none of the item.
_MARKS = frozenset({"verified", "by_clinician", "words_changed", "support", "structural", "speaker"})


def differences(before: JsonObject, after: JsonObject) -> list[JsonObject]:
    """The changes that lead from ``before`` to ``after``, in the order of the notes' fields.

    Each is ``{field, change: added|removed|changed, before, after}``: an item, a sentence or a
    value; ``before`` is None for what was added, ``after`` for what was removed.
    """
    if "text" in after or "text" in before:  # an addendum
        return _of_value("text", before.get("text"), after.get("text"))
    changes: list[JsonObject] = []
    for field in LIST_FIELDS:
        changes += _of_items(field, before.get(field, []), after.get(field, []))
    for field in SENTENCE_FIELDS:
        changes += _of_items(field, _sentences(before, field), _sentences(after, field))
    for name, title in _section_names(before, after):
        changes += _of_items(f"sections.{name}", _section(before, name), _section(after, name), title)
    for field in _VALUES:
        changes += _of_value(field, before.get(field), after.get(field))
    return changes


def _of_value(field: str, before: Any, after: Any) -> list[JsonObject]:
    if before == after:
        return []
    kind = "added" if before is None else "removed" if after is None else "changed"
    return [{"field": field, "change": kind, "before": before, "after": after}]


def _of_items(
    field: str, before: Sequence[JsonObject], after: Sequence[JsonObject], title: str | None = None
) -> list[JsonObject]:
    old = {_identity(item): item for item in before}
    new = {_identity(item): item for item in after}
    gone = [item for key, item in old.items() if key not in new]
    come = [item for key, item in new.items() if key not in old]
    changes = []
    for item in come:
        former = _most_alike(item, gone)
        if former is not None:
            gone.remove(former)
        kind = "added" if former is None else "changed"
        changes.append({"field": field, "change": kind, "before": former, "after": item})
    changes += [{"field": field, "change": "removed", "before": item, "after": None} for item in gone]
    return [{**change, "title": title} if title else change for change in changes]


def _identity(item: JsonObject) -> str:
    return canonical({name: value for name, value in item.items() if name not in _MARKS})


def _most_alike(item: JsonObject, others: Sequence[JsonObject]) -> JsonObject | None:
    words = _words(item)
    ratios = [
        (SequenceMatcher(None, _words(other), words, autojunk=False).ratio(), other) for other in others
    ]
    best = max(ratios, key=lambda pair: pair[0], default=None)
    return best[1] if best is not None and best[0] >= ALIKE else None


def _words(item: JsonObject) -> list[str]:
    return " ".join(str(value) for value in item.values() if isinstance(value, str)).casefold().split()


def _sentences(document: JsonObject, field: str) -> list[JsonObject]:
    found: list[JsonObject] = document.get("field_evidence", {}).get(field, [])
    return found


def _section(document: JsonObject, name: str) -> list[JsonObject]:
    return [s for part in document.get("sections", []) if part["name"] == name for s in part["sentences"]]


def _section_names(before: JsonObject, after: JsonObject) -> list[tuple[str, str]]:
    parts = [*after.get("sections", []), *before.get("sections", [])]
    return list({part["name"]: part["title"] for part in reversed(parts)}.items())[::-1]

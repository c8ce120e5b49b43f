"""Notes as Markdown, for reading and for pasting into a record."""

import re
from collections.abc import Iterable

from shared.domain.values import JsonObject

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|])")
# The lists of the notes, with the keys of an item that make its line.
_LISTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("key_topics", "Key topics", ("text",)),
    ("emotional_themes", "Emotional themes", ("text",)),
    ("strategies", "Strategies", ("name", "category", "status", "context")),
    ("triggers", "Triggers", ("trigger", "severity", "context")),
    ("action_items", "Action items", ("task", "category", "details")),
    ("significant_quotes", "Significant quotes", ("quote", "context")),
    ("follow_up_topics", "Follow-up topics", ("text",)),
    ("unresolved_concerns", "Unresolved concerns", ("text",)),
    ("risk_flags", "Risk flags", ("type", "severity", "temporality", "about")),
)


def as_markdown(notes: JsonObject) -> str:
    """The notes; each item is followed by the words it came from, or marked as unverified."""
    blocks = ["# Session notes", _paragraph(notes, "topic_summary")]
    blocks += [f"Mood: {_plain(notes['session_mood'])}, {_plain(notes['mood_trajectory'])}"]
    for key, title, parts in _LISTS:
        lines = [line for item in notes.get(key, []) for line in _item(item, parts)]
        if lines:
            blocks.append(f"## {title}\n\n" + "\n".join(lines))
        if key == "risk_flags":
            blocks.append(_paragraph(notes, "risk_statement"))
    blocks += ["## Notes for the therapist", _paragraph(notes, "therapist_notes")]
    blocks += ["## Summary for the patient", _paragraph(notes, "patient_summary")]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _item(item: JsonObject, parts: Iterable[str]) -> list[str]:
    words = [_plain(str(item[part])) for part in parts if item.get(part)]
    mark = "" if item.get("verified") else " (unverified)"
    quotes = [f"  > {_plain(evidence['quote'])}" for evidence in item.get("evidence", [])]
    return [f"- {'; '.join(words)}{mark}", *quotes]


def _paragraph(notes: JsonObject, key: str) -> str:
    return _plain(str(notes.get(key, "")))


def _plain(text: str) -> str:
    """``text`` as words: neither its Markdown nor its HTML means anything."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))

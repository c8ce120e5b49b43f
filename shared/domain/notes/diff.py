"""What one version of the notes has that another has not: the difference that a person is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from shared.domain.notes.canonical_json import canonical
from shared.domain.notes.fields import LIST_FIELDS, MOODS, SENTENCE_FIELDS
from shared.domain.notes.items import Claim, Sentence
from shared.domain.notes.values import Notes
from shared.domain.values import JsonObject

# Two items are one that was changed, if their words are at least so alike.
ALIKE = 0.5
_VALUES = (*MOODS, "risk_statement", "template", "engine")
# What follows from the check or from who spoke; a change of that alone is none of the item.
_MARKS = frozenset({"verified", "by_clinician", "words_changed", "support", "structural", "speaker"})


@dataclass(frozen=True, slots=True)
class Change:
    """An item, a sentence or a value that was ``added``, ``removed`` or ``changed``.

    ``before`` is None for what was added, ``after`` for what was removed. ``title`` is that of the part of
    a template that it lies in.
    """

    field: str
    before: Claim | str | None
    after: Claim | str | None
    title: str | None = None

    @property
    def change(self) -> str:
        """What happened to it."""
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"

    @property
    def document(self) -> JsonObject:
        """As callers read it."""
        title = {"title": self.title} if self.title else {}
        before, after = _document(self.before), _document(self.after)
        return {"field": self.field, "change": self.change, "before": before, "after": after, **title}


def _document(value: Claim | str | None) -> JsonObject | str | None:
    return value.document if isinstance(value, Claim) else value


def differences(before: Notes, after: Notes) -> list[Change]:
    """The changes that lead from ``before`` to ``after``, in the order of the notes' fields."""
    changes: list[Change] = []
    for field in LIST_FIELDS:
        changes += _of_claims(field, before.items[field], after.items[field])
    for field in SENTENCE_FIELDS:
        changes += _of_claims(field, before.sentences[field], after.sentences[field])
    for name, title in _section_names(before, after):
        changes += _of_claims(f"sections.{name}", _section(before, name), _section(after, name), title)
    for field in _VALUES:
        changes += of_value(field, _value(before, field), _value(after, field))
    return changes


def of_value(field: str, before: str | None, after: str | None) -> list[Change]:
    """The change of a value, such as the text of an addendum, if it is one."""
    return [] if before == after else [Change(field, before, after)]


def _value(notes: Notes, field: str) -> str | None:
    value = notes.texts[field] if field in notes.texts else notes.rest.get(field)
    return None if value is None else str(value)


def _of_claims(
    field: str, before: Sequence[Claim], after: Sequence[Claim], title: str | None = None
) -> list[Change]:
    old = {_identity(claim): claim for claim in before}
    new = {_identity(claim): claim for claim in after}
    gone = [claim for key, claim in old.items() if key not in new]
    changes = []
    for claim in (claim for key, claim in new.items() if key not in old):
        former = _most_alike(claim, gone)
        if former is not None:
            gone.remove(former)
        changes.append(Change(field, former, claim, title))
    return changes + [Change(field, claim, None, title) for claim in gone]


def _identity(claim: Claim) -> str:
    return canonical({name: value for name, value in claim.document.items() if name not in _MARKS})


def _most_alike(claim: Claim, others: Sequence[Claim]) -> Claim | None:
    words = _words(claim)
    ratios = [
        (SequenceMatcher(None, _words(other), words, autojunk=False).ratio(), other) for other in others
    ]
    best = max(ratios, key=lambda pair: pair[0], default=None)
    return best[1] if best is not None and best[0] >= ALIKE else None


def _words(claim: Claim) -> list[str]:
    return " ".join(value for value in claim.own.values() if isinstance(value, str)).casefold().split()


def _section(notes: Notes, name: str) -> list[Sentence]:
    return [one for part in notes.sections or () if part.name == name for one in part.sentences]


def _section_names(before: Notes, after: Notes) -> list[tuple[str, str]]:
    parts = [*(after.sections or ()), *(before.sections or ())]
    return list({part.name: part.title for part in reversed(parts)}.items())[::-1]

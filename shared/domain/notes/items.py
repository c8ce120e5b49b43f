"""What has to show the words it came from, as frozen values: items of lists, and sentences of texts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self, TypeVar

from shared.domain.values import JsonObject


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words of a segment, with the times (seconds) at which they were said.

    ``changed``: a correction of the transcript took them away.
    """

    segment: int
    start: float
    end: float
    quote: str
    changed: bool = False

    @classmethod
    def of(cls, piece: Mapping[str, Any]) -> Self:
        """The evidence of its document."""
        start, end = piece.get("start", 0.0), piece.get("end", 0.0)
        return cls(piece["segment"], start, end, piece["quote"], bool(piece.get("changed")))

    @property
    def document(self) -> JsonObject:
        """As it is in the notes' document."""
        piece: JsonObject = {
            "segment": self.segment,
            "start": self.start,
            "end": self.end,
            "quote": self.quote,
        }
        return {**piece, "changed": True} if self.changed else piece


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What has to show the words it came from, and what the check made of it.

    ``verified``, ``support``, ``by_clinician`` and ``words_changed`` as in ``shared.schemas.notes``.
    """

    evidence: tuple[Evidence, ...] = ()
    verified: bool = False
    support: str | None = None
    by_clinician: bool = False
    words_changed: bool = False

    @property
    def is_structural(self) -> bool:
        """Whether it claims nothing that was said."""
        return False

    @property
    def quotes(self) -> tuple[str, ...]:
        """The words that it rests on."""
        return tuple(piece.quote for piece in self.evidence)

    @property
    def segments(self) -> frozenset[int]:
        """The segments that these words are from."""
        return frozenset(piece.segment for piece in self.evidence)

    @property
    def own(self) -> Mapping[str, object]:
        """What it says by itself, by the names of the document."""
        return {}

    @property
    def document(self) -> JsonObject:
        """As it is in the notes' document."""
        pieces = [piece.document for piece in self.evidence]
        document: JsonObject = {**self.own, "evidence": pieces, "verified": self.verified}
        if self.support is not None:
            document["support"] = self.support
        for mark in ("by_clinician", "words_changed"):
            if getattr(self, mark):
                document[mark] = True
        return document


_MARKS = frozenset({"evidence", "verified", "support", "by_clinician", "words_changed"})


def _marks(document: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "evidence": tuple(Evidence.of(piece) for piece in document.get("evidence", ())),
        "verified": bool(document.get("verified")),
        "support": document.get("support"),
        "by_clinician": bool(document.get("by_clinician")),
        "words_changed": bool(document.get("words_changed")),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Item(Claim):
    """An item of a list: ``properties`` are those that ``fields.LISTS`` and the schema declare."""

    properties: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """The item of its document."""
        properties = {name: value for name, value in document.items() if name not in _MARKS}
        return cls(properties=properties, **_marks(document))

    @classmethod
    def saying(cls, evidence: Iterable[Evidence], **properties: object) -> Self:
        """An item that was found, not checked yet."""
        return cls(properties=properties, evidence=tuple(evidence))

    @property
    def own(self) -> Mapping[str, object]:
        return self.properties

    def text(self, name: str) -> str:
        """A property as text; empty where the item has none."""
        value = self.properties.get(name)
        return "" if value is None else str(value)

    def texts(self, name: str) -> tuple[str, ...]:
        """A property that is a list of texts; empty where the item has none."""
        value = self.properties.get(name)
        return tuple(value) if isinstance(value, list | tuple) else ()

    def has(self, name: str) -> bool:
        """Whether the property is there and holds."""
        return bool(self.properties.get(name))

    def having(self, **changes: object) -> Self:
        """The item with these properties in the place of its own."""
        return replace(self, properties={**self.properties, **changes})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence(Claim):
    """One sentence of a text; ``structural`` if it claims nothing that was said."""

    text: str
    structural: bool = False

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """The sentence of its document."""
        structural = bool(document.get("structural"))
        return cls(text=document["sentence"], structural=structural, **_marks(document))

    @classmethod
    def fixed(cls, text: str) -> Self:
        """A sentence that needs no evidence."""
        return cls(text=text, structural=True, verified=True)

    @property
    def is_structural(self) -> bool:
        return self.structural

    @property
    def own(self) -> Mapping[str, object]:
        return {"sentence": self.text, "structural": self.structural}


ClaimT = TypeVar("ClaimT", Item, Sentence)


def claim_of(document: Mapping[str, Any]) -> "Item | Sentence":
    """A sentence or an item, by what the document holds."""
    return Sentence.of(document) if "sentence" in document else Item.of(document)


@dataclass(frozen=True, slots=True)
class Unsupported:
    """What the transcript does not support: the field it was meant for, and why."""

    field: str
    claim: "Item | Sentence"
    reason: str

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """The entry of its document."""
        return cls(document["field"], claim_of(document["item"]), document["reason"])

    @property
    def document(self) -> JsonObject:
        """As it is in the notes' document."""
        return {"field": self.field, "item": self.claim.document, "reason": self.reason}

"""The notes as frozen values, and how they are read from and written to their document (JSON).

The check of evidence, edits and templates work on these values. Documents are what engines answer, what is
stored and what callers read; ``shared.schemas.notes`` says what may be in them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any, Protocol, Self

from shared.domain.notes.fields import LIST_FIELDS, SENTENCE_FIELDS
from shared.domain.notes.items import ClaimT, Evidence, Item, Sentence, Unsupported
from shared.domain.values import JsonObject

SECTIONS = "sections"
TEXTS = (*SENTENCE_FIELDS, "risk_statement")
_KNOWN = frozenset({
    *LIST_FIELDS, *TEXTS, "field_evidence", "unsupported", "sections", "written_parts", "risk_readers",
    "review_reasons",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a template; ``template`` and ``instruction`` where an engine wrote it to them."""

    name: str
    title: str
    sentences: tuple[Sentence, ...]
    template: str | None = None
    instruction: str | None = None

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """The section of its document."""
        sentences = tuple(Sentence.of(sentence) for sentence in document.get("sentences", ()))
        written = document.get("template"), document.get("instruction")
        return cls(document["name"], document.get("title", ""), sentences, *written)

    @property
    def document(self) -> JsonObject:
        """As it is in the notes' document."""
        sentences = [sentence.document for sentence in self.sentences]
        document: JsonObject = {"name": self.name, "title": self.title, "sentences": sentences}
        if self.template is not None:
            document |= {"template": self.template, "instruction": self.instruction}
        return document


@dataclass(frozen=True, slots=True)
class ReviewReason:
    """Why notes need more than the usual care: a machine word and a sentence."""

    code: str
    detail: str

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """The reason of its document, which may be a newer release's and say more."""
        return cls(document["code"], document["detail"])

    @property
    def document(self) -> JsonObject:
        """As it is in the notes' document."""
        return {"code": self.code, "detail": self.detail}


@dataclass(frozen=True, slots=True)
class Point:
    """A point that payers ask for: with the words that were said, or why it is missing.

    Without words and ``missing`` a clinician wrote it.
    """

    item: str
    evidence: tuple[Evidence, ...] = ()
    missing: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What made a draft, as ``shared.schemas.notes`` says it; None is what is not known."""

    engine: str = "unknown"
    engine_version: str = "unknown"
    model: str | None = None
    prompt_version: str | None = None
    prompt_sha256: str | None = None
    parts: int = 1
    calls: int = 0
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
    deidentified: bool = False


class Change(Protocol):
    """What is to be made of an item or a sentence of ``field``."""

    def __call__(self, field: str, claim: ClaimT, /) -> ClaimT:
        """The claim in its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """The notes of one session.

    ``items`` has every list that is declared, ``sentences`` those that each text rests on.
    ``sections`` and ``written_parts`` are None where the document has none, ``risk_readers`` where it is
    older than they are. ``rest`` is what is only kept: who made the notes, and whether they are a draft.
    """

    items: Mapping[str, tuple[Item, ...]]
    sentences: Mapping[str, tuple[Sentence, ...]]
    texts: Mapping[str, str]
    unsupported: tuple[Unsupported, ...] = ()
    sections: tuple[Section, ...] | None = None
    written_parts: tuple[Section, ...] | None = None
    risk_readers: tuple[str, ...] | None = None
    review_reasons: tuple[ReviewReason, ...] | None = None
    rest: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """The notes of their document; a list or text that it lacks is empty."""
        reasons = document.get("review_reasons")
        return cls(
            items={name: tuple(map(Item.of, document.get(name, ()))) for name in LIST_FIELDS},
            sentences={
                name: tuple(map(Sentence.of, document.get("field_evidence", {}).get(name, ())))
                for name in SENTENCE_FIELDS
            },
            texts={name: document[name] for name in TEXTS if name in document},
            unsupported=tuple(map(Unsupported.of, document.get("unsupported", ()))),
            sections=_sections(document.get("sections")),
            written_parts=_sections(document.get("written_parts")),
            risk_readers=tuple(document["risk_readers"]) if "risk_readers" in document else None,
            review_reasons=None if reasons is None else tuple(map(ReviewReason.of, reasons)),
            rest={name: value for name, value in document.items() if name not in _KNOWN},
        )

    @property
    def document(self) -> JsonObject:
        """The document of ``NotesSchema``."""
        optional = {
            "sections": _documents(self.sections),
            "written_parts": _documents(self.written_parts),
            "risk_readers": None if self.risk_readers is None else list(self.risk_readers),
            "review_reasons": _documents(self.review_reasons),
        }
        return {
            **{name: _documents(items) for name, items in self.items.items()},
            **self.texts,
            "field_evidence": {name: _documents(sentences) for name, sentences in self.sentences.items()},
            "unsupported": _documents(self.unsupported),
            **self.rest,
            **{name: value for name, value in optional.items() if value is not None},
        }

    @property
    def flags(self) -> tuple[Item, ...]:
        """The mentions of risk."""
        return self.items["risk_flags"]

    @property
    def needs_review(self) -> bool:
        """Whether a person must look with more than the usual care."""
        return bool(self.rest.get("needs_review"))

    @property
    def provenance(self) -> Provenance | None:
        """What made the draft; None in notes that are older than that is kept."""
        made = self.rest.get("provenance")
        names = {one.name for one in fields(Provenance)}
        if not isinstance(made, Mapping) or not made:
            return None
        return Provenance(**{name: value for name, value in made.items() if name in names})

    @property
    def model(self) -> str | None:
        """The language model that wrote the draft, if one did."""
        return self.provenance.model if self.provenance else None

    @property
    def points(self) -> tuple[Point, ...]:
        """What payers ask for: what is present first, then what is missing."""
        found = self.rest.get("completeness")
        if not isinstance(found, Mapping):
            return ()
        present = (
            Point(entry["item"], tuple(map(Evidence.of, entry["evidence"]))) for entry in found["present"]
        )
        return (*present, *(Point(entry["item"], missing=entry["why"]) for entry in found["missing"]))

    def claims(self) -> Iterator[Item | Sentence]:
        """Every item and sentence that must show the words it came from."""
        for items in self.items.values():
            yield from items
        for sentences in self.sentences.values():
            yield from sentences
        for part in self.sections or ():
            yield from part.sentences

    def having(self, items: Mapping[str, Sequence[Item]] = MappingProxyType({}), /, **texts: str) -> Self:
        """The notes with these lists and texts in the place of their own."""
        lists = {name: tuple(listed) for name, listed in items.items()}
        return replace(self, items={**self.items, **lists}, texts={**self.texts, **texts})

    def keeping(self, **values: object) -> Self:
        """The notes with these values beside what they say."""
        return replace(self, rest={**self.rest, **values})

    def with_reasons(self, reasons: Sequence[ReviewReason]) -> Self:
        """The notes with these reasons to review them."""
        return replace(self.keeping(needs_review=bool(reasons)), review_reasons=tuple(reasons))

    def mapped(self, change: "Change") -> Self:
        """The notes with ``change(field, claim)`` in the place of each item and sentence."""
        sections = self.sections and tuple(
            replace(part, sentences=tuple(change(SECTIONS, one) for one in part.sentences))
            for part in self.sections
        )
        return replace(
            self,
            items={name: tuple(change(name, one) for one in listed) for name, listed in self.items.items()},
            sentences={
                name: tuple(change(name, one) for one in written) for name, written in self.sentences.items()
            },
            sections=sections,
        )


def _sections(documents: Sequence[Mapping[str, Any]] | None) -> tuple[Section, ...] | None:
    return None if documents is None else tuple(map(Section.of, documents))


class _Written(Protocol):
    @property
    def document(self) -> JsonObject: ...


def _documents(values: Sequence[_Written] | None) -> list[JsonObject] | None:
    return None if values is None else [value.document for value in values]

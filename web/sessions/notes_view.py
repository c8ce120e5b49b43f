"""Notes as a page shows them: blocks of items, each with its label and the words it rests on."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from shared.domain.notes import items
from shared.domain.notes.fields import MOODS, NOT_SAID, READ_IN_ORDER
from shared.domain.notes.items import Claim, Evidence, Sentence
from shared.domain.notes.values import Notes
from shared.domain.values import JsonObject
from shared.domain.verification.boilerplate import RISK_LABELS, finding_words
from shared.domain.verification.evidence import CLAIM_SUPPORTED, QUOTE_FOUND
from shared.domain.verification.risk import LOOK, found_by_model_alone
from web.translation import gettext, mark
from web.words import plain

# How far an item may be trusted, as a class of the style sheet and in words.
VERIFIED = ("verified", mark("verified"))
SUPPORTED = ("verified", mark("claim supported"))
QUOTED = ("verified", mark("quote found"))
OWN = ("own", mark("written by you"))
UNSUPPORTED = ("unsupported", mark("not supported by the transcript"))
CHANGED = ("changed", mark("its words were corrected since"))
STANDING = ("standing", mark("standard sentence"))
_SUPPORT = {CLAIM_SUPPORTED: SUPPORTED, QUOTE_FOUND: QUOTED}

TEXTS = (
    ("topic_summary", mark("Summary")),
    ("therapist_notes", mark("Notes for the therapist")),
    ("patient_summary", mark("Summary for the patient")),
)
LISTS = tuple((declared.name, declared.title, declared.shown) for declared in READ_IN_ORDER)


@dataclass(frozen=True, slots=True, repr=False)
class Quote:
    """Words that were said; ``changed``: they were corrected since, and read otherwise now."""

    segment: int
    start: float
    end: float
    words: str
    speaker: str
    changed: bool


@dataclass(frozen=True, slots=True, repr=False)
class Item:
    """A sentence or an entry of a list; ``number`` is its place on the page.

    ``footnote``: the number of its evidence on paper, from 1 and without gaps; 0 where it has none.
    """

    number: int
    text: str
    label: tuple[str, str]
    quotes: tuple[Quote, ...]
    footnote: int = 0

    @property
    def ranges(self) -> str:
        """What is to be played of its evidence: ``12.5-15.25 40-42``."""
        return " ".join(f"{quote.start:g}-{quote.end:g}" for quote in self.quotes)


@dataclass(frozen=True, slots=True, repr=False)
class Block:
    """A heading of the notes with what stands under it.

    ``is_text``: its items are sentences. ``is_folded``: shown only when it is asked for.
    """

    name: str
    title: str
    items: tuple[Item, ...]
    is_text: bool = False
    is_folded: bool = False

    @property
    def plain_text(self) -> str:
        """The block as text to be copied."""
        return (
            " ".join(i.text for i in self.items)
            if self.is_text
            else "\n".join(f"- {i.text}" for i in self.items)
        )


@dataclass(frozen=True, slots=True, repr=False)
class NotesView:
    """``main``: the notes in their template. ``rest``: what else was extracted."""

    main: tuple[Block, ...]
    rest: tuple[Block, ...] = ()
    items_by_segment: Mapping[int, list[int]] = field(default_factory=dict)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """All of it."""
        return self.main + self.rest

    @property
    def footnotes(self) -> list[Item]:
        """What of the notes in their template rests on words that were said, by number."""
        return [item for block in self.main for item in block.items if item.footnote]

    @property
    def plain_text(self) -> str:
        """The notes in their template, as text to be copied."""
        return "\n\n".join(f"{block.title}\n{block.plain_text}" for block in self.main)


def view_of(document: JsonObject, speakers: Sequence[str]) -> NotesView:
    """The notes of ``document``; ``speakers``: who says each segment of the transcript."""
    notes, numbering = Notes.of(document), _Numbering(speakers)
    sections = tuple(
        Block(part.name, part.title, numbering.sentences(part.sentences), is_text=True)
        for part in notes.sections or ()
    )
    rest = tuple(block for block in _fields(notes, numbering) if block.items)
    main, rest = (sections, rest) if sections else (rest, ())
    return NotesView(main, rest, numbering.items_by_segment)


def unsupported(document: JsonObject) -> list[tuple[str, str]]:
    """What was left out of the notes, as (text, reason)."""
    return [(_left_out(entry.claim), entry.reason) for entry in Notes.of(document).unsupported]


def _left_out(claim: items.Item | Sentence) -> str:
    if isinstance(claim, Sentence):
        return claim.text or gettext("An entry")
    named = (claim.text(name) for name in ("text", "task", "trigger", "name", "quote"))
    return next(filter(None, named), RISK_LABELS.get(claim.text("type"), gettext("An entry")))


def _fields(notes: Notes, numbering: "_Numbering") -> Iterator[Block]:
    statement = numbering.sentences([Sentence.fixed(notes.texts["risk_statement"])])
    raised = numbering.items([flag for flag in notes.flags if flag.text("level") != LOOK], flag_text)
    yield Block("risk", gettext("Risk"), (*statement, *raised))
    looks = numbering.items([flag for flag in notes.flags if flag.text("level") == LOOK], flag_text)
    yield Block(
        "risk-looks", gettext("Risk: worth a look (%(count)s)", count=len(looks)), looks, is_folded=True
    )
    summary, *others = TEXTS
    yield Block(
        summary[0], gettext(summary[1]), numbering.sentences(notes.sentences[summary[0]]), is_text=True
    )
    yield Block("mood", gettext("Mood"), _mood(notes, numbering))
    for name, title, parts in LISTS:
        yield Block(name, gettext(title), numbering.items(notes.items[name], partial(entry, parts)))
    for name, title in others:
        yield Block(name, gettext(title), numbering.sentences(notes.sentences[name]), is_text=True)


def _mood(notes: Notes, numbering: "_Numbering") -> tuple[Item, ...]:
    mood, course = MOODS
    heading = f"{plain(notes.texts[mood])}, {plain(notes.texts[course])}.".capitalize()
    reasons = (*notes.sentences[mood], *notes.sentences[course])
    return numbering.sentences([Sentence.fixed(heading), *reasons])


def entry(parts: Sequence[str], item: items.Item) -> str:
    """An entry of a list as one line."""
    return "; ".join(
        plain(item.text(part)).rstrip(".") if part != "quote" else f"“{item.text(part)}”"
        for part in parts
        if item.has(part) and item.text(part) != NOT_SAID
    )


def flag_text(flag: items.Item) -> str:
    """A risk flag as one line."""
    marks = [flag.text("severity"), flag.text("temporality"), f"about {flag.text('about')}"]
    marks += ["denied"] if flag.has("negated") else []
    marks += ["perhaps a figure of speech"] if flag.has("figurative") else []
    marks += [f"Columbia {flag.text('columbia')}"] if flag.has("columbia") else []
    if readers := flag.texts("readers"):
        marks.append(f"found by {' and '.join(readers)}")
    by_model = found_by_model_alone(flag)
    words = finding_words(flag.properties) if by_model else RISK_LABELS[flag.text("type")]
    return f"{words.capitalize()}: {', '.join(marks)}"


class _Numbering:
    """Numbers items as they come, and notes which segments they rest on."""

    def __init__(self, speakers: Sequence[str]) -> None:
        self._speakers = speakers
        self._next = 0
        self._footnotes = 0
        self.items_by_segment: dict[int, list[int]] = {}

    def sentences(self, found: Sequence[Sentence]) -> tuple[Item, ...]:
        return tuple(self._item(one.text, one) for one in found)

    def items(self, found: Sequence[items.Item], text: Callable[[items.Item], str]) -> tuple[Item, ...]:
        return tuple(self._item(text(one), one) for one in found)

    def _item(self, text: str, item: Claim) -> Item:
        number = self._next
        self._next += 1
        quotes = tuple(self._quote(piece) for piece in item.evidence)
        for quote in quotes:
            self.items_by_segment.setdefault(quote.segment, []).append(number)
        self._footnotes += bool(quotes)
        return Item(number, text, _label(item), quotes, self._footnotes if quotes else 0)

    def _quote(self, piece: Evidence) -> Quote:
        speaker = self._speakers[piece.segment] if piece.segment < len(self._speakers) else ""
        return Quote(piece.segment, piece.start, piece.end, piece.quote, speaker, piece.changed)


def _label(item: Claim) -> tuple[str, str]:
    if item.words_changed:
        return CHANGED
    if item.by_clinician:
        return OWN
    if item.is_structural:
        return STANDING
    if not item.verified:
        return UNSUPPORTED
    return _SUPPORT.get(str(item.support), VERIFIED)

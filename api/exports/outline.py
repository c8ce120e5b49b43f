"""Notes as a document for readers: one outline, which each form of file writes out.

Everything in it is plain text: whoever writes it out escapes what their form would interpret.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from shared.domain.records import Standing
from shared.domain.values import JsonObject
from shared.services.exporting import Export
from shared.services.notes import Notes
from shared.services.process_notes import Process

OWN_WORDS = "clinician's own words"
NOT_BORNE_OUT = "not borne out by the transcript"
DRAFT = "DRAFT. Not signed. Read against the recording before use."
AWAITING = "SIGNED, AWAITING CO-SIGNATURE. Not final."
SIGNED = "SIGNED"
RENDERED_OTHERWISE = "NOT THE SIGNED FORM. These notes were signed in another template."
OLD_VERSION = "NOT THE CURRENT VERSION."
PROCESS = "PSYCHOTHERAPY NOTES (45 CFR 164.501). Kept apart from the record of the session."


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence or an item; ``marks`` say what it lacks, ``footnotes`` where it was said."""

    text: str
    footnotes: tuple[int, ...] = ()
    marks: tuple[str, ...] = ()
    is_item: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A heading with what stands under it."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Footnote:
    """Words that were said, and when (``mm:ss`` of the recording)."""

    number: int
    when: str
    quote: str


@dataclass(frozen=True, slots=True)
class Outline:
    """A whole document; ``is_final``: signed, and needing nothing more."""

    title: str
    banner: str
    is_final: bool
    facts: tuple[tuple[str, str], ...]
    blocks: tuple[Block, ...]
    footnotes: tuple[Footnote, ...] = ()
    closing: tuple[tuple[str, str], ...] = ()


@dataclass
class _Notebook:
    """Numbers pieces of evidence in the order in which they are first cited."""

    numbers: dict[tuple[int, str], int] = field(default_factory=dict)
    footnotes: list[Footnote] = field(default_factory=list)

    def cite(self, item: JsonObject) -> tuple[int, ...]:
        return tuple(dict.fromkeys(self._number(piece) for piece in item.get("evidence", [])))

    def _number(self, piece: JsonObject) -> int:
        key = (piece["segment"], piece["quote"])
        if key not in self.numbers:
            self.numbers[key] = len(self.numbers) + 1
            when = f"{clock(piece['start'])}–{clock(piece['end'])}"
            self.footnotes.append(Footnote(self.numbers[key], when, piece["quote"]))
        return self.numbers[key]


def notes_outline(export: Export) -> Outline:
    """The outline of a version of the notes, or of an addendum."""
    notebook = _Notebook()
    document = export.notes.document
    if "text" in document:
        blocks: Sequence[Block] = (Block("Addendum", tuple(_paragraphs(document["text"]))),)
    elif document.get("sections"):
        blocks = [
            Block(part["title"], tuple(_sentences(part["sentences"], notebook)))
            for part in document["sections"]
        ]
    else:
        blocks = list(_whole(document, notebook))
    banner, is_final = _banner(export)
    return Outline(
        title="Session notes",
        banner=banner,
        is_final=is_final,
        facts=tuple(_facts(export)),
        blocks=(*blocks, *_addenda(export.notes), *_unsupported(document)),
        footnotes=tuple(notebook.footnotes),
        closing=tuple(_signatures(export.notes)),
    )


def process_outline(process: Process) -> Outline:
    """The outline of process notes, which has nothing of the session's record."""
    return Outline(
        title="Process notes",
        banner=PROCESS,
        is_final=True,
        facts=(("Session", str(process.session_id)), ("Date", day(process.session_date))),
        blocks=(Block("Notes", tuple(_paragraphs(process.text))),),
    )


def _banner(export: Export) -> tuple[str, bool]:
    if not export.as_signed:
        return RENDERED_OTHERWISE, False
    standing = export.notes.head.standing
    if standing is Standing.SIGNED:
        signed = export.notes.head.signatures[-1]
        return f"{SIGNED} by {signed.signer} on {moment(signed.signed_at)}", True
    if standing is Standing.AWAITING_COSIGNATURE:
        return AWAITING, False
    return DRAFT, False


def _facts(export: Export) -> Iterator[tuple[str, str]]:
    head, document = export.notes.head, export.notes.document
    yield "Patient", export.patient
    yield "Therapist", export.therapist
    yield "Session", f"{day(export.session_date)}, {export.session_id}"
    if export.duration_seconds:
        yield "Recording", clock(export.duration_seconds)
    yield "Version", f"{head.version} ({head.kind}) of {moment(head.created_at)}"
    yield "Template", export.template_title
    provenance = document.get("provenance") or {}
    model = provenance.get("model")
    yield "Made by", f"{head.engine}, {model}" if model and model not in head.engine else head.engine


_LISTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("key_topics", "Key topics", ("text",)),
    ("emotional_themes", "Emotional themes", ("text",)),
    ("strategies", "Strategies", ("name", "category", "status", "context")),
    ("triggers", "Triggers", ("trigger", "severity", "context")),
    ("action_items", "Action items", ("task", "category", "details")),
    ("significant_quotes", "Significant quotes", ("quote", "context")),
    ("follow_up_topics", "Follow-up topics", ("text",)),
    ("unresolved_concerns", "Unresolved concerns", ("text",)),
)
_FLAG = ("type", "severity", "temporality", "about")


def _whole(document: JsonObject, notebook: _Notebook) -> Iterator[Block]:
    texts = document.get("field_evidence", {})

    def text(field_name: str) -> tuple[Line, ...]:
        known = texts.get(field_name) or []
        return tuple(_sentences(known, notebook)) or tuple(_paragraphs(document.get(field_name, "")))

    flags = [_item(flag, _FLAG, notebook) for flag in document.get("risk_flags", [])]
    yield Block("Risk", (Line(document.get("risk_statement", "")), *flags))
    yield Block("Summary", text("topic_summary"))
    mood = f"{_word(document['session_mood'])}, {_word(document['mood_trajectory'])}"
    reasons = [*_sentences(texts.get("session_mood", []), notebook)]
    yield Block("Mood", (Line(f"{mood[:1].upper()}{mood[1:]}."), *reasons))
    for name, title, parts in _LISTS:
        lines = tuple(_item(item, parts, notebook) for item in document.get(name, []))
        if lines:
            yield Block(title, lines)
    yield Block("Notes for the therapist", text("therapist_notes"))
    yield Block("Summary for the patient", text("patient_summary"))


def _sentences(sentences: Sequence[JsonObject], notebook: _Notebook) -> Iterator[Line]:
    for sentence in sentences:
        marks = () if sentence.get("structural") else _marks(sentence)
        yield Line(flat(sentence["sentence"]), notebook.cite(sentence), marks)


def _item(item: JsonObject, parts: Sequence[str], notebook: _Notebook) -> Line:
    words = [flat(_word(str(item[part]))) for part in parts if item.get(part)]
    words += ["denied"] if item.get("negated") else []
    return Line("; ".join(words), notebook.cite(item), _marks(item), is_item=True)


def _marks(item: JsonObject) -> tuple[str, ...]:
    if item.get("verified"):
        return ()
    return (OWN_WORDS if item.get("by_clinician") else NOT_BORNE_OUT,)


def _paragraphs(text: str) -> Iterator[Line]:
    yield from (Line(flat(line)) for line in str(text).splitlines() if line.strip())


def _addenda(notes: Notes) -> Iterator[Block]:
    for addendum in notes.addenda:
        signer = addendum.signatures[0].signer if addendum.signatures else ""
        title = f"Addendum {addendum.version}, {signer}, {moment(addendum.created_at)}"
        yield Block(title, tuple(_paragraphs(addendum.text)))


def _unsupported(document: JsonObject) -> Iterator[Block]:
    count = len(document.get("unsupported", []))
    if count:
        yield Block("Left out", (Line(f"{count} item(s) that the transcript does not bear out."),))


def _signatures(notes: Notes) -> Iterator[tuple[str, str]]:
    shown = (*notes.head.signatures, *(s for addendum in notes.addenda for s in addendum.signatures))
    for signed in shown:
        what = "Co-signed" if signed.part == "cosigner" else "Signed"
        who = f"{signed.signer}, {moment(signed.signed_at)}"
        yield f"{what} (version {signed.version})", f"{who}, SHA-256 {signed.content_hash}"


def flat(text: str) -> str:
    """``text`` on one line."""
    return " ".join(text.split())


def _word(text: str) -> str:
    return text.replace("_", " ") if text.replace("_", "").isalpha() and "_" in text else text


def clock(seconds: float) -> str:
    """``mm:ss``, or ``h:mm:ss`` from an hour on."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def day(at: datetime) -> str:
    """The day, UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d")


def moment(at: datetime) -> str:
    """The time to the minute, UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")

"""Notes as a document for readers: one outline, which each form of file writes out."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from shared.domain.notes.fields import NOT_SAID, READ_IN_ORDER
from shared.domain.notes.record import Standing
from shared.domain.values import JsonObject
from shared.domain.verification.boilerplate import finding_words
from shared.domain.verification.risk import ALERT, LOOK
from shared.exports.making import making_blocks, review_blocks
from shared.exports.rights import part2_blocks, rights_blocks
from shared.exports.shapes import OWN_WORDS, Block, Line, Notebook, Outline, clock, flat, word
from shared.services.notes.exporting import Export
from shared.services.notes.process_notes import Process
from shared.services.notes.reading import Notes

NOT_BORNE_OUT = "not borne out by the transcript"
DRAFT = "DRAFT. Not signed. Read against the recording before use."
AWAITING = "SIGNED, AWAITING CO-SIGNATURE. Not final."
SIGNED = "SIGNED"
RENDERED_OTHERWISE = "NOT THE SIGNED FORM. These notes were signed in another template."
OLD_VERSION = "NOT THE CURRENT VERSION."
COUNSELLING = "SUD COUNSELING NOTES (42 CFR 2.11). Kept apart from the record of the session."
PROCESS = "PSYCHOTHERAPY NOTES (45 CFR 164.501). Kept apart from the record of the session."


def notes_outline(export: Export) -> Outline:
    """The outline of a version of the notes, or of an addendum."""
    notebook = Notebook()
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
        blocks=(
            *part2_blocks(export.is_part2),
            *rights_blocks(export.asked),
            *review_blocks(document),
            *blocks,
            *_addenda(export.notes),
            *_unsupported(document),
            *making_blocks(document, notebook),
        ),
        footnotes=tuple(notebook.footnotes),
        closing=tuple(_signatures(export.notes)),
    )


def process_outline(process: Process) -> Outline:
    """The outline of process notes, which has nothing of the session's record."""
    return Outline(
        title="Process notes",
        banner=COUNSELLING if process.is_part2 else PROCESS,
        is_final=True,
        facts=(("Session", str(process.session_id)), ("Date", day(process.session_date))),
        blocks=(*part2_blocks(process.is_part2), Block("Notes", tuple(_paragraphs(process.text)))),
    )


def _banner(export: Export) -> tuple[str, bool]:
    if not export.as_signed:
        return RENDERED_OTHERWISE, False
    standing = export.notes.head.standing
    if standing is Standing.SIGNED:
        who = (f"by {s.signer} on {moment(s.signed_at)}" for s in export.notes.head.signatures)
        return f"{SIGNED} {', co-signed '.join(who)}", True
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


_FLAG = ("words", "severity", "temporality", "about", "found_by_readers")


def _whole(document: JsonObject, notebook: Notebook) -> Iterator[Block]:
    texts = document.get("field_evidence", {})

    def text(field_name: str) -> tuple[Line, ...]:
        known = texts.get(field_name) or []
        return tuple(_sentences(known, notebook)) or tuple(_paragraphs(document.get(field_name, "")))

    flags = document.get("risk_flags", [])
    shown = [_flag(flag, notebook) for flag in flags if flag.get("level") != LOOK]
    yield Block("Risk", (Line(document.get("risk_statement", "")), *shown))
    if looks := tuple(_flag(flag, notebook) for flag in flags if flag.get("level") == LOOK):
        yield Block("Risk: passages worth a look", looks)
    yield Block("Summary", text("topic_summary"))
    mood = f"{word(document['session_mood'])}, {word(document['mood_trajectory'])}"
    reasons = [*_sentences(texts.get("session_mood", []), notebook)]
    yield Block("Mood", (Line(f"{mood[:1].upper()}{mood[1:]}."), *reasons))
    for declared in READ_IN_ORDER:
        lines = tuple(_item(item, declared.shown, notebook) for item in document.get(declared.name, []))
        if lines:
            yield Block(declared.title, lines)
    yield Block("Notes for the therapist", text("therapist_notes"))
    if summary := text("patient_summary"):  # written on request only
        yield Block("Summary for the patient", summary)


def _flag(flag: JsonObject, notebook: Notebook) -> Line:
    readers = flag.get("readers")
    told = {
        **flag,
        "words": finding_words(flag),
        "found_by_readers": f"found by {' and '.join(readers)}" if readers else "",
    }
    marked = {**told, "severity": f"alert, {flag['severity']}"} if flag.get("level") == ALERT else told
    return _item(marked, _FLAG, notebook)


def _sentences(sentences: Sequence[JsonObject], notebook: Notebook) -> Iterator[Line]:
    for sentence in sentences:
        marks = () if sentence.get("structural") else _marks(sentence)
        yield Line(flat(sentence["sentence"]), notebook.cite(sentence), marks)


def _item(item: JsonObject, parts: Sequence[str], notebook: Notebook) -> Line:
    words = [flat(word(str(item[part]))) for part in parts if item.get(part) not in (None, "", NOT_SAID)]
    words += ["denied"] if item.get("negated") else []
    *before, last = words or [""]
    text = "; ".join([*(word.rstrip(".") for word in before), last])
    return Line(text, notebook.cite(item), _marks(item), is_item=True)


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


def day(at: datetime) -> str:
    """The day, UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d")


def moment(at: datetime) -> str:
    """The time to the minute, UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")

"""Notes as a document for readers: one outline, which each form of file writes out."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from shared.domain.notes import values
from shared.domain.notes.fields import NOT_SAID, READ_IN_ORDER
from shared.domain.notes.items import Claim, Item, Sentence
from shared.domain.notes.record import Standing
from shared.domain.verification.boilerplate import finding_words
from shared.domain.verification.risk import ALERT, LOOK
from shared.exports.making import making_blocks, review_blocks
from shared.exports.rights import part2_blocks, rights_blocks
from shared.exports.shapes import OWN_WORDS, Block, Line, Notebook, Outline, clock, flat, word
from shared.services.notes.exporting import Export
from shared.services.notes.process_notes import Process
from shared.services.notes.reading import Notes

NOT_SUPPORTED = "not supported by the transcript"
DRAFT = "DRAFT. Not signed. Read against the recording before use."
AWAITING = "SIGNED, AWAITING CO-SIGNATURE. Not final."
SIGNED = "SIGNED"
RENDERED_OTHERWISE = "NOT THE SIGNED FORM. These notes were signed in another template."
COUNSELLING = "SUD COUNSELING NOTES (42 CFR 2.11). Kept apart from the record of the session."
PROCESS = "PSYCHOTHERAPY NOTES (45 CFR 164.501). Kept apart from the record of the session."


def notes_outline(export: Export) -> Outline:
    """The outline of a version of the notes, or of an addendum."""
    notebook = Notebook()
    document = export.notes.document
    written = values.Notes.of(document)
    if "text" in document:
        blocks: Sequence[Block] = (Block("Addendum", tuple(_paragraphs(document["text"]))),)
    elif written.sections:
        blocks = [Block(part.title, tuple(_sentences(part.sentences, notebook))) for part in written.sections]
    else:
        blocks = list(_whole(written, notebook))
    banner, is_final = _banner(export)
    return Outline(
        title="Session notes",
        banner=banner,
        is_final=is_final,
        facts=tuple(_facts(export)),
        blocks=(
            *part2_blocks(export.is_part2),
            *rights_blocks(export.asked),
            *review_blocks(written),
            *blocks,
            *_addenda(export.notes),
            *_unsupported(written),
            *making_blocks(written, notebook),
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
    head, made = export.notes.head, values.Notes.of(export.notes.document)
    yield "Patient", export.patient
    yield "Therapist", export.therapist
    yield "Session", f"{day(export.session_date)}, {export.session_id}"
    if export.duration_seconds:
        yield "Recording", clock(export.duration_seconds)
    yield "Version", f"{head.version} ({head.kind}) of {moment(head.created_at)}"
    yield "Template", export.template_title
    is_named = not made.model or made.model in head.engine
    yield "Made by", head.engine if is_named else f"{head.engine}, {made.model}"


_FLAG = ("words", "severity", "temporality", "about", "found_by_readers")


def _whole(notes: values.Notes, notebook: Notebook) -> Iterator[Block]:
    def text(field_name: str) -> tuple[Line, ...]:
        sentences = tuple(_sentences(notes.sentences[field_name], notebook))
        return sentences or tuple(_paragraphs(notes.texts.get(field_name, "")))

    shown = [_flag(flag, notebook) for flag in notes.flags if flag.text("level") != LOOK]
    yield Block("Risk", (Line(notes.texts.get("risk_statement", "")), *shown))
    if looks := tuple(_flag(flag, notebook) for flag in notes.flags if flag.text("level") == LOOK):
        yield Block("Risk: passages worth a look", looks)
    yield Block("Summary", text("topic_summary"))
    mood = f"{word(notes.texts['session_mood'])}, {word(notes.texts['mood_trajectory'])}"
    reasons = [*_sentences(notes.sentences["session_mood"], notebook)]
    yield Block("Mood", (Line(f"{mood[:1].upper()}{mood[1:]}."), *reasons))
    for declared in READ_IN_ORDER:
        lines = tuple(_item(item, declared.shown, notebook) for item in notes.items[declared.name])
        if lines:
            yield Block(declared.title, lines)
    yield Block("Notes for the therapist", text("therapist_notes"))
    if summary := text("patient_summary"):  # written on request only
        yield Block("Summary for the patient", summary)


def _flag(flag: Item, notebook: Notebook) -> Line:
    readers = " and ".join(flag.texts("readers"))
    severity = flag.text("severity")
    told = flag.having(
        words=finding_words(flag.properties),
        found_by_readers=f"found by {readers}" if readers else "",
        severity=f"alert, {severity}" if flag.text("level") == ALERT else severity,
    )
    return _item(told, _FLAG, notebook)


def _sentences(sentences: Sequence[Sentence], notebook: Notebook) -> Iterator[Line]:
    for sentence in sentences:
        marks = () if sentence.structural else _marks(sentence)
        yield Line(flat(sentence.text), notebook.cite(sentence.evidence), marks)


def _item(item: Item, parts: Sequence[str], notebook: Notebook) -> Line:
    words = [flat(word(item.text(part))) for part in parts if item.text(part) not in ("", NOT_SAID)]
    words += ["denied"] if item.has("negated") else []
    *before, last = words or [""]
    text = "; ".join([*(word.rstrip(".") for word in before), last])
    return Line(text, notebook.cite(item.evidence), _marks(item), is_item=True)


def _marks(claim: Claim) -> tuple[str, ...]:
    if claim.verified:
        return ()
    return (OWN_WORDS if claim.by_clinician else NOT_SUPPORTED,)


def _paragraphs(text: str) -> Iterator[Line]:
    yield from (Line(flat(line)) for line in str(text).splitlines() if line.strip())


def _addenda(notes: Notes) -> Iterator[Block]:
    for addendum in notes.addenda:
        signer = addendum.signatures[0].signer if addendum.signatures else ""
        title = f"Addendum {addendum.version}, {signer}, {moment(addendum.created_at)}"
        yield Block(title, tuple(_paragraphs(addendum.text)))


def _unsupported(notes: values.Notes) -> Iterator[Block]:
    count = len(notes.unsupported)
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

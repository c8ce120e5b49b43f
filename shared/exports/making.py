"""How notes came about, for their reader: why to look twice, what is missing, and what made the draft."""

from collections.abc import Iterator

from shared.domain.notes.values import Notes, Point, Provenance
from shared.exports.shapes import OWN_WORDS, Block, Line, Notebook, flat, word

REVIEW = "Needs review"
COMPLETENESS = "Completeness"
MAKING = "How the draft was made"


def review_blocks(notes: Notes) -> Iterator[Block]:
    """Why the notes need more than the usual care; nothing where they do not."""
    if notes.needs_review:
        reasons = notes.review_reasons or ()
        yield Block(REVIEW, tuple(Line(flat(reason.detail), is_item=True) for reason in reasons))


def making_blocks(notes: Notes, notebook: Notebook) -> Iterator[Block]:
    """What of a progress note is there and what is missing, and what made the draft."""
    if notes.points:
        yield Block(COMPLETENESS, tuple(_point(point, notebook) for point in notes.points))
    if notes.provenance:
        yield Block(MAKING, tuple(Line(text, is_item=True) for text in made_by(notes.provenance)))


def _point(point: Point, notebook: Notebook) -> Line:
    name = word(flat(point.item))
    if point.missing is not None:
        return Line(f"Missing: {name}. {flat(point.missing)}", is_item=True)
    marks = () if point.evidence else (OWN_WORDS,)
    return Line(f"Present: {name}", notebook.cite(point.evidence), marks, is_item=True)


def made_by(made: Provenance) -> Iterator[str]:
    """The engine, the model, the prompt, and what it took, in sentences."""
    yield f"Engine: {made.engine}, sessionscribe {made.engine_version}."
    if not made.model:
        yield "No language model was asked."
        return
    yield f"Model: {made.model}."
    if made.deidentified:
        yield "Identifiers that were found in the transcript were replaced before it was sent."
    yield f"Prompt: version {made.prompt_version or 'unknown'}, SHA-256 {made.prompt_sha256}."
    tokens = made.input_tokens, made.output_tokens
    counted = "tokens not counted" if None in tokens else f"{tokens[0]} tokens in, {tokens[1]} out"
    price = "cost not known" if made.cost_usd is None else f"cost {made.cost_usd:.4f} US dollars"
    yield f"Parts read: {made.parts}; calls: {made.calls}; {counted}; {price}."

"""How notes came about, for their reader: why to look twice, what is missing, and what made the draft."""

from collections.abc import Iterator

from shared.domain.values import JsonObject
from shared.exports.shapes import OWN_WORDS, Block, Line, Notebook, flat, word

REVIEW = "Needs review"
COMPLETENESS = "Completeness"
MAKING = "How the draft was made"


def review_blocks(document: JsonObject) -> Iterator[Block]:
    """Why the notes need more than the usual care; nothing where they do not."""
    reasons = document.get("review_reasons") or []
    if document.get("needs_review"):
        yield Block(REVIEW, tuple(Line(flat(reason["detail"]), is_item=True) for reason in reasons))


def making_blocks(document: JsonObject, notebook: Notebook) -> Iterator[Block]:
    """What of a progress note is there and what is missing, and what made the draft."""
    found = document.get("completeness")
    if found:
        present = [_present(entry, notebook) for entry in found["present"]]
        missing = [
            Line(f"Missing: {word(flat(e['item']))}. {flat(e['why'])}", is_item=True)
            for e in found["missing"]
        ]
        yield Block(COMPLETENESS, (*present, *missing))
    provenance = document.get("provenance")
    if provenance:
        yield Block(MAKING, tuple(Line(text, is_item=True) for text in made_by(provenance)))


def _present(entry: JsonObject, notebook: Notebook) -> Line:
    marks = () if entry["evidence"] else (OWN_WORDS,)
    return Line(f"Present: {word(flat(entry['item']))}", notebook.cite(entry), marks, is_item=True)


def made_by(provenance: JsonObject) -> Iterator[str]:
    """The engine, the model, the prompt, and what it took, in sentences."""
    yield f"Engine: {provenance['engine']}, sessionscribe {provenance['engine_version']}."
    if not provenance.get("model"):
        yield "No language model was asked."
        return
    yield f"Model: {provenance['model']}."
    digest = provenance.get("prompt_sha256")
    yield f"Prompt: version {provenance.get('prompt_version') or 'unknown'}, SHA-256 {digest}."
    tokens = [provenance.get(name) for name in ("input_tokens", "output_tokens")]
    counted = "tokens not counted" if None in tokens else f"{tokens[0]} tokens in, {tokens[1]} out"
    cost = provenance.get("cost_usd")
    price = "cost not known" if cost is None else f"cost {cost:.4f} US dollars"
    yield f"Parts read: {provenance['parts']}; calls: {provenance['calls']}; {counted}; {price}."

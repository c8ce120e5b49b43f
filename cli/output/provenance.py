"""How notes came about, for people: why to look twice, what is missing, and what made the draft."""

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from cli.http.client import JsonObject
from cli.sanitise import clock, one_line

WIDTH = 100


def print_review(console: Console, document: JsonObject) -> None:
    """Why the notes need more than the usual care; nothing where they do not."""
    if not document.get("needs_review"):
        return
    console.print(Text("Needs review", style="bold red"))
    for reason in document.get("review_reasons") or ():
        _bullet(console, Text(one_line(reason.get("detail")), style="red"))


def print_completeness(console: Console, document: JsonObject) -> None:
    """What payers usually ask for: what is there, with its time, and what a person must add."""
    found = document.get("completeness")
    if not isinstance(found, dict):
        return
    _title(console, "Completeness")
    for entry in found.get("present") or ():
        times = ", ".join(clock(piece.get("start")) for piece in entry.get("evidence") or ())
        _bullet(console, Text(f"present: {_word(entry.get('item'))} ({times or 'in the clinician’s words'})"))
    for entry in found.get("missing") or ():
        _bullet(
            console,
            Text(f"missing: {_word(entry.get('item'))}. {one_line(entry.get('why'))}", style="yellow"),
        )


def print_origin(console: Console, document: JsonObject) -> None:
    """The engine, the model, the prompt, and what it took."""
    made = document.get("provenance")
    if not isinstance(made, dict):
        return
    _title(console, "How the draft was made")
    _bullet(
        console, Text(f"{one_line(made.get('engine'))}, sessionscribe {one_line(made.get('engine_version'))}")
    )
    if not made.get("model"):
        _bullet(console, Text("no language model was asked"))
        return
    _bullet(console, Text(f"model {one_line(made.get('model'))}"))
    if made.get("deidentified"):
        _bullet(console, Text("identifiers that were found were replaced before the transcript was sent"))
    digest = one_line(made.get("prompt_sha256"))
    _bullet(console, Text(f"prompt version {one_line(made.get('prompt_version'))}, SHA-256 {digest}"))
    tokens = [made.get("input_tokens"), made.get("output_tokens")]
    counted = "tokens not counted" if None in tokens else f"{tokens[0]} tokens in, {tokens[1]} out"
    cost = made.get("cost_usd")
    price = f"{cost:.4f} US dollars" if isinstance(cost, int | float) else "cost not known"
    _bullet(console, Text(f"{made.get('parts')} part(s), {made.get('calls')} call(s), {counted}, {price}"))


def print_left_out(console: Console, document: JsonObject) -> None:
    """What an engine wrote or a clinician set aside, and why it is not in the notes."""
    console.print(Text("None of this is in the notes.", style="bold"))
    for entry in document.get("unsupported") or ():
        item = entry.get("item") or {}
        said = [one_line(value) for value in item.values() if isinstance(value, str) and value]
        said += [f"“{one_line(piece.get('quote'))}”" for piece in item.get("evidence") or ()]
        line = Text(f"{_word(entry.get('field'))}: {'; '.join(said)}")
        _bullet(console, line.append(f"  [{one_line(entry.get('reason'))}]", style="yellow"))


def _word(value: object) -> str:
    return one_line(value).replace("_", " ")


def _bullet(console: Console, text: Text) -> None:
    console.print(Padding(Text("• ").append_text(text), (0, 0, 0, 2)), width=WIDTH)


def _title(console: Console, text: str) -> None:
    console.print()
    console.print(Text(text, style="bold"))

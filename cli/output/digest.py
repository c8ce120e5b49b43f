"""One screen of a session: how it begins, what of risk, the summary, and some items with their quotes."""

from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from cli.http.client import JsonObject
from cli.output import notes_rendering
from cli.output.rendering import heading
from cli.sanitise import clock, one_line, plain
from shared.domain.notes.fields import LISTS

WIDTH = 80
TURNS, ITEMS = 4, 3
# Of each of these parts the first item that the transcript bears out.
_PARTS = ("strategies", "action_items", "triggers", "follow_up_topics", "key_topics")


def print_digest(console: Console, session: JsonObject) -> None:
    """Print it, at most WIDTH columns wide; what is longer than its line ends with ``…``."""
    segments = _objects(session.get("transcript_segments"))
    heading(console, f"Transcript ({len(segments)} turns, {clock(session.get('duration_seconds'))})")
    for segment in segments[:TURNS]:
        _line(
            console,
            f"{clock(segment.get('start'))} {one_line(segment.get('speaker'))}: ",
            segment.get("text"),
        )
    notes = session.get("extracted_notes")
    if not isinstance(notes, dict):
        return
    heading(console, "Risk")
    console.print(Text(plain(notes.get("risk_statement"))), width=WIDTH)
    for flag in _objects(notes.get("risk_flags"))[:1]:
        _item(console, notes_rendering.risk_words(flag), flag, quotes=2)
    heading(console, "Summary")
    console.print(Text(plain(notes.get("topic_summary"))), width=WIDTH)
    heading(console, "Some of the notes, each with the words it came from")
    for words, item in list(_borne_out(notes))[:ITEMS]:
        _item(console, words, item, quotes=1)


def _borne_out(notes: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    for declared in sorted(
        (one for one in LISTS if one.name in _PARTS), key=lambda one: _PARTS.index(one.name)
    ):
        for item in [one for one in _objects(notes.get(declared.name)) if one.get("verified")][:1]:
            yield f"{declared.title}: {notes_rendering.item_words(declared, item)}", item


def _item(console: Console, words: str, item: JsonObject, *, quotes: int) -> None:
    console.print(Padding(Text(f"• {words}"), (0, 0, 0, 2)), width=WIDTH)
    for evidence in _objects(item.get("evidence"))[:quotes]:
        _line(console, f"      {clock(evidence.get('start'))} ", f"“{one_line(evidence.get('quote'))}”")


def _line(console: Console, before: str, said: object) -> None:
    """One line, however much was said."""
    text = Text(before, style="dim").append(one_line(said), style="not dim")
    text.truncate(min(WIDTH, console.width), overflow="ellipsis")
    console.print(text)


def _objects(value: object) -> list[JsonObject]:
    items: Iterable[object] = value if isinstance(value, list) else ()
    return [item for item in items if isinstance(item, dict)]

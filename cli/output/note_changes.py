"""What one version of the notes has that another has not, for people."""

import json

from rich.text import Text

from cli.http.client import JsonObject
from cli.output import console as screen
from cli.sanitise import one_line


def print_changes(found: JsonObject) -> None:
    """Each change under its field: what is gone with a minus, what is new with a plus."""
    console = screen.results()
    console.print(Text(f"From version {found.get('from') or 'nothing'} to {found.get('to')}", style="bold"))
    for change in found.get("changes") or ():
        console.print(Text(one_line(change.get("title") or change.get("field")), style="bold"))
        for mark, style, side in (("-", "red", "before"), ("+", "green", "after")):
            if change.get(side) is not None:
                console.print(Text(f"  {mark} {_words(change[side])}", style=style), soft_wrap=True)
    if not found.get("changes"):
        console.print("Nothing differs.")


def _words(value: object) -> str:
    """An item as its own words, without evidence; another value as JSON."""
    if isinstance(value, dict):
        hidden = ("evidence", "verified", "structural", "by_clinician", "words_changed")
        shown = {
            name: item for name, item in value.items() if name not in hidden and item not in (None, "", [])
        }
        texts = [shown.pop(name) for name in ("text", "sentence", "task", "trigger", "name") if name in shown]
        rest = ", ".join(f"{name} {_words(item)}" for name, item in shown.items())
        return one_line("; ".join(filter(None, [*map(str, texts), rest])))
    return one_line(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))

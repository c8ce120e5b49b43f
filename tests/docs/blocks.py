"""The commands that a Markdown page shows, with the output that it promises for each.

A ``console`` block holds commands behind ``$`` with their output beneath. A ``sh`` block holds commands
alone. A comment ``<!-- run: command -->`` is run where it stands, and is not shown to readers.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_BLOCK = re.compile(r"^```(console|sh)\n(.*?)^```$|^<!-- run: (.*?) -->$", re.MULTILINE | re.DOTALL)
_HERE_DOCUMENT = re.compile(r"<<'?(\w+)'?")


@dataclass(frozen=True)
class Shown:
    """One command; ``output`` is None where the page promises none. ``line`` is where it stands."""

    command: str
    output: str | None
    line: int
    span: tuple[int, int] = (0, 0)  # of the output, in the page's text


def commands_of(page: str) -> Iterator[Shown]:
    """Every command of the page, in order."""
    for block in _BLOCK.finditer(page):
        kind, body, hidden = block.groups()
        line = page.count("\n", 0, block.start()) + 1
        if hidden is not None:
            yield Shown(hidden, None, line)
        elif kind == "sh":
            yield Shown(body, None, line)
        else:
            yield from _console(body, block.start(2), line)


def _console(body: str, start: int, line: int) -> Iterator[Shown]:
    lines = body.splitlines(keepends=True)
    position = 0
    while position < len(lines):
        command, first = lines[position].removeprefix("$ "), position
        position += 1
        if marked := _HERE_DOCUMENT.search(command):
            while not command.rstrip("\n").endswith("\n" + marked[1]):
                command += lines[position]
                position += 1
        begin = position
        while position < len(lines) and not lines[position].startswith("$ "):
            position += 1
        output = "".join(lines[begin:position])
        at = start + len("".join(lines[:begin]))
        length = len(output.rstrip("\n") + "\n") if output.strip() else 0
        yield Shown(command.rstrip("\n"), output.strip("\n"), line + 1 + first, (at, at + length))

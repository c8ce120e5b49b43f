"""Where output goes: results to stdout, progress and notices to stderr, nothing interpreted."""

import json
import os
import re
import sys
from typing import Any, TextIO, cast

from rich.console import Console

# Where no window sets a width, nothing is wrapped: another program reads it, or a file keeps it.
PIPE_WIDTH = 10_000
_BLANKS_AT_END = re.compile(r" +$", re.MULTILINE)


def results() -> Console:
    """The console for what a command was asked for."""
    return _console(sys.stdout)


def notices() -> Console:
    """The console for progress and notices."""
    return _console(sys.stderr)


def print_json(value: Any) -> None:
    """``value`` for machines; every control character in it comes out escaped."""
    sys.stdout.write(json.dumps(value, indent=2) + "\n")


def is_live(console: Console) -> bool:
    """Whether lines can be redrawn: a terminal that understands more than plain text."""
    return console.is_terminal and not console.is_dumb_terminal


class _Unpadded:
    """A stream without the blanks that fill a table's cells at the ends of lines."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write whole lines, as rich does."""
        return self._stream.write(_BLANKS_AT_END.sub("", text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _console(stream: TextIO) -> Console:
    width = None if stream.isatty() or "COLUMNS" in os.environ else PIPE_WIDTH
    return Console(
        file=stream if stream.isatty() else cast(TextIO, _Unpadded(stream)),
        width=width,
        markup=False,
        emoji=False,
        highlight=False,
        force_terminal=stream.isatty(),
        # NO_COLOR leaves bold and italic to rich; people who set it want neither.
        color_system=None if os.environ.get("NO_COLOR") else "auto",
    )

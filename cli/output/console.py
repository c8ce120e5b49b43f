"""Where output goes: results to stdout, progress and notices to stderr, nothing interpreted."""

import json
import os
import sys
from typing import Any, TextIO

from rich.console import Console

# Where nobody's window sets a width: wide enough for an id, a name and a status side by side.
PIPE_WIDTH = 120


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


def _console(stream: TextIO) -> Console:
    width = None if stream.isatty() or "COLUMNS" in os.environ else PIPE_WIDTH
    return Console(
        file=stream,
        width=width,
        markup=False,
        emoji=False,
        highlight=False,
        force_terminal=stream.isatty(),
        # NO_COLOR leaves bold and italic to rich; people who set it want neither.
        color_system=None if os.environ.get("NO_COLOR") else "auto",
    )

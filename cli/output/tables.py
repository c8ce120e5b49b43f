"""Records as a table where they fit the terminal, with short ids where only those fit, else as blocks."""

import re
from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from cli.sanitise import one_line

SHORT_ID = 8  # the commands take a prefix that is unique; tables show this much of an id
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_UNBOUND = 100_000  # columns; wider than any table


def table(console: Console, headings: Sequence[str], rows: Iterable[Iterable[object]], empty: str) -> None:
    """Print ``rows`` under ``headings``, or ``empty`` without rows. No cell is ever cut or wrapped."""
    cells = [[cell if isinstance(cell, Text) else Text(one_line(cell)) for cell in row] for row in rows]
    if not cells:
        console.print(Text(empty))
        return
    for grid in (_grid(headings, cells), _grid(headings, _with_short_ids(cells))):
        options = console.options.update_width(_UNBOUND)
        if Measurement.get(console, options, grid).maximum <= console.width:
            console.print(grid)
            return
    for position, row in enumerate(cells):
        if position:
            console.print()
        console.print(block(zip(headings, row, strict=True)))


def _grid(headings: Sequence[str], cells: Sequence[Sequence[Text]]) -> Table:
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for heading in headings:
        grid.add_column(heading, no_wrap=True)
    for row in cells:
        grid.add_row(*row)
    return grid


def block(facts: Iterable[tuple[str, Text]]) -> Table:
    """One record: a fact a line, its text wrapped beside its name."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style="bold")
    grid.add_column(overflow="fold")
    for name, text in facts:
        grid.add_row(name, text)
    return grid


def _with_short_ids(cells: Sequence[Sequence[Text]]) -> list[list[Text]]:
    """The cells with ids cut to ``SHORT_ID`` characters, in the columns where that keeps them apart."""
    columns = list(zip(*cells, strict=True))
    return [list(row) for row in zip(*map(_shortened, columns), strict=True)]


def _shortened(column: Sequence[Text]) -> Sequence[Text]:
    whole = {cell.plain for cell in column if _ID.fullmatch(cell.plain)}
    if len({one[:SHORT_ID] for one in whole}) < len(whole):
        return column
    return [Text(cell.plain[:SHORT_ID]) if cell.plain in whole else cell for cell in column]

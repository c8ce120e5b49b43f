"""Rows of CSV files that people open in a spreadsheet."""

import csv
import io
from collections.abc import Iterable

# A spreadsheet takes a cell that begins so for a formula, and people type names.
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def row(values: Iterable[object]) -> str:
    """One line with its end; None is an empty cell, and no cell is a formula."""
    cells = ("" if value is None else str(value) for value in values)
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(
        f"'{cell}" if cell.startswith(_FORMULAS) else cell for cell in cells
    )
    return text.getvalue()

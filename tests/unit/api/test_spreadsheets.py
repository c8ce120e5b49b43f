"""Rows for a spreadsheet: nothing that a person typed becomes a formula."""

import csv

import pytest

from shared.domain import spreadsheets


@pytest.mark.parametrize("typed", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(typed: str) -> None:
    assert next(csv.reader([spreadsheets.row([typed])], strict=True))[0].startswith("'")


def test_other_cells_come_back_as_they_were() -> None:
    (found,) = csv.reader([spreadsheets.row(["A, B", 'say "no"', None, 3])], strict=True)
    assert found == ["A, B", 'say "no"', "", "3"]

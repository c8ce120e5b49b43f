"""The stack's own settings are checked before anything starts."""

from pathlib import Path

import pytest

from embedded.stack import NotANumber, Stack


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "abc"), ("PORT", "0"), ("PORT", "99999"), ("PORT", "-1"), ("PORT", "²"),
        ("FLOWER_PORT", "65536"), ("WORKERS", "0"), ("WORKERS", "x"), ("WORKERS", "9" * 5000),
    ],
)  # fmt: skip
def test_a_number_out_of_its_range_is_refused_by_name(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(NotANumber, match=rf"^{name} must be a number from 1 to \d+$"):
        Stack(tmp_path, [], {name: value})


def test_an_empty_setting_is_as_good_as_none(tmp_path: Path) -> None:
    Stack(tmp_path, [], {"PORT": "", "FLOWER_PORT": " ", "WORKERS": ""})

"""Which cases of a test only `make faults` runs."""

from typing import Any

import pytest


def late(*cases: Any) -> list[Any]:
    """These cases, as long ones."""
    return [pytest.param(case, marks=pytest.mark.long) for case in cases]

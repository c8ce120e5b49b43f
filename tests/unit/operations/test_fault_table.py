"""The table of faults names tests that exist, and every test that breaks a machine."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
ROW = re.compile(r"^\| (\d+) \|.*\| ([^|]+) \|$", re.MULTILINE)
TEST = re.compile(r"^def (test_\w+)\(", re.MULTILINE)
# What a table of faults need not name: the machine when nothing breaks it.
NO_FAULTS = {"test_nothing_is_wrong_when_nothing_breaks"}


def rows() -> dict[int, list[str]]:
    found = ROW.findall((ROOT / "docs" / "faults.md").read_text())
    return {int(number): re.findall(r"`(test_\w+)`", named) for number, named in found}


def names_of_tests(*folder: str) -> set[str]:
    return {
        name
        for path in (ROOT / "tests").joinpath(*folder).rglob("test_*.py")
        for name in TEST.findall(path.read_text())
    }


def test_each_fault_has_its_number_and_a_test() -> None:
    assert list(rows()) == list(range(1, len(rows()) + 1))
    assert len(rows()) >= 22
    assert not [number for number, named in rows().items() if not named]


def test_each_test_that_the_table_names_exists() -> None:
    assert {name for named in rows().values() for name in named} - names_of_tests() == set()


def test_each_test_that_breaks_a_machine_is_in_the_table() -> None:
    named = {name for names in rows().values() for name in names}
    assert names_of_tests("faults") - named - NO_FAULTS == set()

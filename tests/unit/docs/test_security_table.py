"""The table of security requirements counts right, and names tests that exist."""

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[3]
TESTS = [path.relative_to(ROOT / "tests") for path in (ROOT / "tests").rglob("test_*.py")]
TEXT = (ROOT / "docs" / "security.md").read_text()
ROWS = re.findall(r"^\| R(\d+) \| .+? \| (met|partly|open) \| (.+) \|$", TEXT, re.MULTILINE)


def test_there_are_seventy_and_each_has_a_state_and_evidence() -> None:
    assert [int(number) for number, _, _ in ROWS] == list(range(1, 71))


def test_the_sum_below_the_table_is_that_of_the_table() -> None:
    states = Counter(state for _, state, _ in ROWS)
    assert f"{states['met']} are met, {states['partly']} partly, {states['open']} are open" in TEXT


def test_all_tests_that_are_named_exist() -> None:
    named = {name for _, _, evidence in ROWS for name in re.findall(r"`((?:\w+/)?test_\w+)`", evidence)}
    there = {path.stem for path in TESTS} | {f"{path.parts[0]}/{path.stem}" for path in TESTS}
    assert len(named) > 30
    assert named <= there


def test_what_is_met_names_a_test_or_a_file() -> None:
    assert not [number for number, state, evidence in ROWS if state == "met" and "`" not in evidence]

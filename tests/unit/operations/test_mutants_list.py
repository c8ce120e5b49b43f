"""The list of modules that ``make mutants`` breaks."""

import tomllib
from pathlib import Path

from tests.mutants import dropping

ROOT = Path(__file__).parents[3]
MODULES = tomllib.loads((ROOT / "tests" / "mutants" / "modules.toml").read_text())["module"]


def test_every_module_and_every_test_of_it_exists() -> None:
    named = [path for module in MODULES for path in (module["path"], *module["tests"])]
    assert [path for path in named if not (ROOT / path).is_file()] == []
    assert len({module["path"] for module in MODULES}) == len(MODULES) >= 18


def test_the_page_has_the_figures_of_every_module_with_a_floor() -> None:
    page = (ROOT / "docs" / "testing.md").read_text()
    for module in MODULES:
        assert 0 <= module["floor"] <= 1
        assert not module["floor"] or f"`{module['path']}`" in page


SOURCE = """
TABLE = {"a": 1, "b": 2}

def go(log, out):
    '''Say it.'''
    log.info("going")
    out.send(1)
    if not out:
        raise ValueError
"""


def test_statements_and_elements_are_left_out_one_at_a_time() -> None:
    made = [dropping.without(SOURCE, place) for place in dropping.places(SOURCE)]
    assert len(made) == len(set(made)) == 4
    lacking = [("out.send(1)",), ("raise ValueError",), ("'a': 1",), ("'b': 2",)]
    assert sorted(tuple(part for (part,) in lacking if part not in one) for one in made) == sorted(lacking)
    assert all("log.info" in one for one in made)

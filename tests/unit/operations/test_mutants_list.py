"""The list of modules that ``make mutants`` breaks."""

import tomllib
from pathlib import Path

import pytest

from tests.mutants import conditions, dropping
from tests.mutants.plugins import ALL, Only, Reach
from tests.mutants.warm import Run

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


QUERIES = """
def go(db, more):
    'Say it WHERE a = 1 AND b = 2.'
    db.execute(select(T).where(T.a == 1, *more))
    db.execute(text(f'''SELECT 1 FROM t JOIN u ON t.a = u.a
        WHERE (b = 'x' OR {LATE}) AND c BETWEEN 1 AND 2 AND d IS NOT DISTINCT FROM e'''))
"""


def test_each_condition_of_a_query_is_put_out_of_force_by_itself() -> None:
    made = [conditions.without(QUERIES, one.line, one.column) for one in conditions.places(QUERIES)]
    changed = [
        "where(*(), *more)",
        "where(T.a == 1, *())",
        "ON (t.a = u.a OR true)",
        "((b = 'x' AND false) OR {LATE})",
        "(b = 'x' OR ({LATE} AND false))",
        "((b = 'x' OR {LATE}) OR true) AND",
        "(c BETWEEN 1 AND 2 OR true)",
        "(d IS NOT DISTINCT FROM e OR true)",
    ]
    assert len(made) == len(changed)
    assert [[word for word in changed if word in one] for one in made] == [[one] for one in changed]


def test_a_judged_equivalent_is_still_there_and_the_page_says_why() -> None:
    page = (ROOT / "docs" / "testing.md").read_text()
    for one in tomllib.loads((ROOT / "tests" / "mutants" / "equivalents.toml").read_text())["equivalent"]:
        assert one.keys() - {"column"} == {"path", "line", "fault", "why"}
        assert one["path"] in {module["path"] for module in MODULES}
        assert one["line"] in [line.strip() for line in (ROOT / one["path"]).read_text().splitlines()]
        assert one["why"] in page


def test_a_fault_is_shown_to_the_tests_that_call_its_function_and_else_to_all() -> None:
    reach = Reach({"one": [(3, 9)], "two": [(3, 5), (20, 22)], "three": [], ALL: [(30, 31)]})
    assert reach.tests_at(4) == ["one", "two"]
    assert reach.tests_at(21) == ["two"]
    for line in (1, 10, 30):  # at import, in no function that was called, by a fixture of several tests
        assert reach.tests_at(line) == ["one", "two", "three"]


def test_a_test_whose_name_a_fault_changed_is_run_all_the_same(request: pytest.FixtureRequest) -> None:
    (this,) = [request.node]
    for ids, known, runs in (
        ({this.nodeid}, {this.nodeid}, True),
        ({"another"}, {this.nodeid, "another"}, False),
        ({"under its former name"}, {"under its former name"}, True),
    ):
        items = [this]
        Only(ids, known).pytest_collection_modifyitems(items)
        assert bool(items) == runs


def test_a_fault_is_noticed_by_a_red_run_alone_and_not_by_one_of_no_tests() -> None:
    assert [status for status in (0, 1, 2, 5, -9, None) if Run(status, 1.0, 1.0).is_red] == [1, 2, -9, None]

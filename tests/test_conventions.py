"""Conventions that a machine can check, so that nobody has to remember them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

import celeryconfig
import migrations
from api.auth import policy_of
from api.http.problems import STATUS_OF
from embedded import procfile
from serving.app import create_app
from shared import settings
from shared.domain import errors
from shared.pipeline import CHAIN, QUEUES, STEPS
from shared.queue import make_app
from shared.services.resources import Resources
from tests.conftest import LONGEST
from workers import tasks

ROOT = Path(__file__).parent.parent
FLOORS = ("api", "web", "serving", "workers", "shared", "cli", "embedded", "migrations")
SOURCES = [path for floor in FLOORS for path in sorted((ROOT / floor).rglob("*.py"))]
LONGEST_MODULE = 250
LONGEST_FUNCTION = 40
FORBIDDEN_MODULE_NAMES = {"utils", "helpers", "common", "constants", "manager"}


def names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@pytest.mark.parametrize("path", SOURCES, ids=names(SOURCES))
def test_a_module_opens_with_one_line_that_says_what_it_is_for(path: Path) -> None:
    opening = (ast.get_docstring(tree(path)) or "").splitlines()
    assert opening
    assert opening[0].endswith((".", ":", "?"))


@pytest.mark.parametrize("path", SOURCES, ids=names(SOURCES))
def test_a_module_and_its_functions_can_be_read_at_a_sitting(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_MODULE
    if "versions" in path.parts:
        return  # a migration is one list of statements
    functions = [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef)]
    too_long = [f.name for f in functions if (f.end_lineno or 0) - f.lineno >= LONGEST_FUNCTION]
    assert not too_long


def test_no_module_is_named_for_what_it_happens_to_hold() -> None:
    assert not [path for path in SOURCES if path.stem in FORBIDDEN_MODULE_NAMES]


def test_only_the_settings_and_the_entrances_read_the_environment() -> None:
    readers = {str(path.relative_to(ROOT)) for path in SOURCES if "os.environ" in path.read_text()}
    shared_readers = {path for path in readers if path.startswith("shared/")}
    assert not shared_readers


def test_every_setting_is_documented() -> None:
    documented = (ROOT / "docs" / "settings.md").read_text()
    assert not [name for name in settings.variables() if f"`{name}`" not in documented]


def test_no_setting_is_documented_that_does_not_exist() -> None:
    table = [
        line for line in (ROOT / "docs" / "settings.md").read_text().splitlines() if line.startswith("| `")
    ]
    documented = {re.match(r"\| `([A-Z0-9_]+)`", line)[1] for line in table}  # type: ignore[index]
    assert documented == set(settings.variables())


def test_every_step_has_a_task_and_every_task_a_step() -> None:
    registered = {name for name in make_app("redis://localhost").tasks if name.startswith("pipeline.")} | {
        getattr(tasks, step.name).name for step in STEPS.values()
    }
    assert registered == {step.task for step in STEPS.values()}


def test_every_step_has_limits_and_a_route() -> None:
    for step in STEPS.values():
        assert celeryconfig.task_annotations[step.task]["time_limit"] > step.limit_seconds
        assert celeryconfig.task_routes[step.task] == {"queue": step.queue}


def test_every_queue_is_consumed_by_a_worker_of_the_procfile() -> None:
    worker = next(entry for entry in entries() if entry.name == "worker")
    consumed = re.search(r"--queues (\S+)", worker.command)
    assert consumed is not None
    assert tuple(consumed[1].split(",")) == QUEUES  # in this order: workers look into the first one first
    assert celeryconfig.broker_transport_options["queue_order_strategy"] == "priority"


def test_workers_have_a_concurrency_of_one() -> None:
    worker = next(entry for entry in entries() if entry.name == "worker")
    assert "--concurrency 1 " in worker.command
    assert "--pool prefork" in worker.command


def entries() -> list[procfile.Entry]:
    return procfile.parse((ROOT / "Procfile").read_text().splitlines())


def test_the_last_step_of_the_chain_ends_the_session() -> None:
    assert CHAIN[-1].status_after == "processed"


def test_every_route_declares_who_may_use_it(resources: Resources) -> None:
    app = create_app(resources)
    assert not [rule.rule for rule in app.url_map.iter_rules() if policy_of(app, rule.endpoint) is None]


def all_errors(kind: type[errors.DomainError] = errors.DomainError) -> Iterator[type[errors.DomainError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from all_errors(child)


def test_every_domain_error_has_a_status() -> None:
    unmapped = [kind for kind in all_errors() if not any(base in STATUS_OF for base in kind.__mro__)]
    assert not unmapped


def test_there_is_one_migration_head() -> None:
    scripts = ScriptDirectory.from_config(migrations.configuration("postgresql://nowhere/none"))
    assert len(scripts.get_heads()) == 1


def test_no_test_is_switched_off_without_a_reason() -> None:
    switched_off = re.compile(r"mark\.(skip|skipif|xfail)\b(?!.*reason=)|pytest\.skip\(\)")
    others = [path for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__)]
    lines = [line for path in others for line in path.read_text().splitlines()]
    assert not [line for line in lines if switched_off.search(line)]


def test_no_test_sleeps_for_a_fixed_time() -> None:
    """A loop that asks for a condition may pause for less than a tenth of a second."""
    fixed = re.compile(r"^\s*time\.sleep\((?!0\.0)", re.MULTILINE)
    others = [path for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__)]
    assert not [path for path in others if fixed.search(path.read_text())]


def names_in(function: ast.AST) -> set[str]:
    """What a function calls, or hands on to be called."""
    nodes = list(ast.walk(function))
    called = {
        node.func.attr
        for node in nodes
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    return called | {node.id for node in nodes if isinstance(node, ast.Name)}


def test_every_test_can_fail() -> None:
    """It asserts something, expects an error, or calls a function of the tests that does."""
    functions = [
        node
        for path in (ROOT / "tests").rglob("*.py")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef)
    ]
    asserting = {"raises", "warns", "fail", "expect", "validate", "check_call", "raise_for_status"}
    asserting |= {
        f.name for f in functions if any(isinstance(node, ast.Assert | ast.Raise) for node in ast.walk(f))
    }
    calls = {f: names_in(f) for f in functions}
    while more := {f.name for f in functions if f.name not in asserting and calls[f] & asserting}:
        asserting |= more
    assert [f.name for f in functions if f.name.startswith("test_") and f.name not in asserting] == []


def test_what_is_begun_first_is_there() -> None:
    tests = ROOT / "tests"
    there = {path.stem for path in tests.rglob("test_*.py")} | {path.name for path in tests.iterdir()}
    assert set(LONGEST) <= there


def test_the_lock_files_name_no_host() -> None:
    hosts = re.compile(r"https?://|^--(extra-)?index-url", re.MULTILINE)
    assert not [path for path in (ROOT / "requirements").glob("*.lock") if hosts.search(path.read_text())]


def test_nothing_in_the_product_arms_a_failpoint() -> None:
    arming = re.compile(r"failpoints\.watch|from shared\.domain\.failpoints import|_watchers")
    found = [path for path in SOURCES if arming.search(path.read_text())]
    assert found == [ROOT / "shared" / "domain" / "failpoints.py"]


def test_every_failpoint_is_used_by_a_test() -> None:
    reached = re.compile(r'failpoints\.reach\(\s*"(\w+)"')
    places = {place for path in SOURCES for place in reached.findall(path.read_text())}
    tests = "".join(path.read_text() for path in (ROOT / "tests" / "faults").glob("test_*.py"))
    assert not [place for place in places if f'"{place}' not in tests]


# Who asks the process' own clock for the time of day, which somebody may set at any moment, and why it may.
CLOCK_READERS = {
    "shared/http/rate_limits.py": "says in how many seconds a window ends; the windows are Redis'",
    "api/uploads/details.py": "a session without a date is of today",
    "shared/services/uploads/quotas.py": "says in how many seconds the day ends; the day is Postgres'",
    "shared/storage/local_store.py": "sweeps what writers left a day ago; one that is at work gets an error",
    "shared/storage/s3.py": "the same",
    "workers/engines/openai/errors.py": "a Retry-After that is a date, in an answer that has none itself",
}


def test_nothing_but_what_is_known_asks_a_process_for_the_time_of_day() -> None:
    asking = re.compile(r"\btime\.(?:time|localtime|gmtime)\(|\b(?:datetime|date)\.(?:now|today|utcnow)\(")
    served = [
        path
        for path in SOURCES
        if path.relative_to(ROOT).parts[0] in ("api", "web", "serving", "shared", "workers")
    ]
    readers = {str(path.relative_to(ROOT)) for path in served if asking.search(path.read_text())}
    assert readers == CLOCK_READERS.keys()


def test_each_decision_has_a_number_of_its_own() -> None:
    numbers = [path.name[:4] for path in (ROOT / "docs" / "adr").glob("0*.md")]
    assert sorted(numbers) == [f"{number:04}" for number in range(1, len(numbers) + 1)]


def test_each_decision_stands_in_their_list() -> None:
    listed = (ROOT / "docs" / "adr" / "README.md").read_text()
    for path in sorted((ROOT / "docs" / "adr").glob("0*.md")):
        title = path.read_text().splitlines()[0].removeprefix("# ")
        assert f"- [{title}]({path.name})" in listed
        assert title.startswith(f"{int(path.name[:4])}. ")

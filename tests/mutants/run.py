"""Break the modules of ``modules.toml`` on purpose, one fault at a time, and count which their tests notice.

``make mutants ARGS="[--module PART] [--most 16] [--conditions] [--minutes 60] [--write]"``.
Works in a copy of the tree. Ends with 1 where a module is below its floor.
``--write`` puts the figures into docs/testing.md.
"""

import argparse
import random
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from tests.mutants import walls
from tests.mutants.making import Mutant, mutants_of, sample
from tests.mutants.warm import Warm, needs_servers
from tests.stack import temporary_folder

ROOT = Path(__file__).parents[2]
LIST = Path(__file__).with_name("modules.toml")
EQUIVALENTS = tomllib.loads(LIST.with_name("equivalents.toml").read_text())["equivalent"]
LEAST_SECONDS = 20.0
PAGE = ROOT / "docs" / "testing.md"
FIGURES = re.compile(r"(<!-- mutants -->\n).*?(<!-- /mutants -->)", re.DOTALL)


@dataclass
class Score:
    """What became of a module's mutants."""

    path: str
    floor: float
    of: int
    noticed: int = 0
    survivors: list[str] = field(default_factory=list)
    cpu_seconds: float = 0.0

    @property
    def tried(self) -> int:
        return self.noticed + len(self.survivors)

    @property
    def share(self) -> float:
        return self.noticed / self.tried if self.tried else 1.0


class Copy:
    """The tracked files in a folder where they may be broken."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        for name in listed.stdout.splitlines():
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)


@dataclass(frozen=True)
class Trial:
    """One fault, ready to be made: the line that it is in (0: none), how it is shown, and the broken tree."""

    line: int
    shown: str
    broken: Callable[[], AbstractContextManager[None]]


def score(copy: Copy, warm: Warm, module: dict[str, Any], given: argparse.Namespace, until: float) -> Score:
    """Try a sample of the module's faults, as many as there is time for."""
    path = module["path"]
    first, reach = warm.first_run(path, module["tests"])
    most = given.most or (10 if needs_servers(module["tests"]) else 16)
    if module.get("walls"):
        number, trials = _of_walls(warm, most, path)
    else:
        number, trials = _of_source(copy, path, most, given.conditions)
    found = Score(path, module["floor"], number, cpu_seconds=first.cpu_seconds)
    limit = max(LEAST_SECONDS, 4 * first.seconds)
    for trial in trials:
        if time.monotonic() > until:
            break
        with trial.broken():
            run = warm.run(reach.tests_at(trial.line), reach.tests, limit)
        found.cpu_seconds += run.cpu_seconds
        if run.is_red:
            found.noticed += 1
        else:
            found.survivors.append(f"  {path}:{trial.shown}")
    # The servers are those of all runs: what a fault leaves in them must not make the next ones red.
    last = warm.run(reach.tests, reach.tests, limit)
    found.cpu_seconds += last.cpu_seconds
    if last.status != 0:
        raise SystemExit(f"after the faults the tests are red without any: {' '.join(module['tests'])}")
    return found


def _of_source(copy: Copy, path: str, most: int, conditions_alone: bool) -> tuple[int, list[Trial]]:
    """How many faults the module can have, and those to try."""
    source = (copy.folder / path).read_text()
    every = [one for one in mutants_of(source) if not is_equivalent(path, one, source)]
    if conditions_alone:
        every = [one for one in every if one.is_condition]
    trials = [
        Trial(one.line, _shown(one, source), partial(_broken, copy.folder / path, source, one))
        for one in sample(every, most, path)
    ]
    return len(every), trials


@contextmanager
def _broken(target: Path, source: str, mutant: Mutant) -> Iterator[None]:
    target.write_text(mutant.of(source))
    try:
        yield
    finally:
        target.write_text(source)


def _of_walls(warm: Warm, most: int, seed: str) -> tuple[int, list[Trial]]:
    """The same of policies and triggers in Postgres."""
    every = walls.faults(warm.postgres)
    chosen = every if len(every) <= most else random.Random(seed).sample(every, most)
    trials = [Trial(0, f" {one.name}", partial(walls.broken, warm.postgres, one)) for one in chosen]
    return len(every), trials


def is_equivalent(path: str, mutant: Mutant, source: str) -> bool:
    """Whether ``equivalents.toml`` says why no test can notice this fault."""
    whole = source.splitlines()[mutant.line - 1]
    line, column = whole.strip(), mutant.column - len(whole) + len(whole.lstrip())
    this = {"path": path, "line": line, "fault": mutant.operator.removeprefix("core/")}
    return any(this.items() <= one.items() and one.get("column", column) == column for one in EQUIVALENTS)


def _shown(mutant: Mutant, source: str) -> str:
    line = source.splitlines()[mutant.line - 1].strip()
    return f"{mutant.line}:{mutant.column} {mutant.operator.removeprefix('core/')}: {line}"


HEADING = [
    "| module | measured | mutants | tried | noticed | share | floor |",
    "|---|---|---|---|---|---|---|",
]


def row(one: Score) -> str:
    """The module's line in docs/testing.md."""
    counts = f"{one.of} | {one.tried} | {one.noticed} | {one.share:.2f} | {one.floor:.2f}"
    return f"| `{one.path}` | {datetime.now(UTC):%Y-%m-%d} | {counts} |"


def with_rows(page: str, rows: dict[str, str]) -> str:
    """The page with these lines, by module; lines of modules that were not tried now stay as they are."""
    kept = {
        line.split("`")[1]: line for line in page.splitlines() if re.match(r"\| `[\w/]+\.py` \| 20", line)
    }
    lines = "\n".join([*HEADING, *(kept | rows).values()])
    return FIGURES.sub(lambda match: f"{match[1]}{lines}\n{match[2]}", page)


def main() -> None:
    """Try the modules, print what survived, and hold each score to its floor."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--module", action="append", help="only those whose path has this part; repeat")
    parser.add_argument("--most", type=int, help="mutants of each module; else 16, or 10 that need servers")
    parser.add_argument("--conditions", action="store_true", help="only faults in conditions of queries")
    parser.add_argument("--minutes", type=float, default=60.0, help="for everything")
    parser.add_argument("--write", action="store_true", help="put the figures into docs/testing.md")
    given = parser.parse_args()
    until = time.monotonic() + 60 * given.minutes
    wanted = given.module or [""]
    every = tomllib.loads(LIST.read_text())["module"]
    modules = [one for one in every if any(part in one["path"] for part in wanted)]
    scores = []
    with temporary_folder() as folder, ExitStack() as stack:
        copy, warm = Copy(folder), Warm(folder, stack)
        for module in modules:
            if time.monotonic() > until:
                print(f"{module['path']}: no time left")
                continue
            scores.append(score(copy, warm, module, given, until))
            noticed = f"{scores[-1].noticed} of {scores[-1].tried} noticed"
            lines = [
                f"{scores[-1].path}: {noticed}, {scores[-1].cpu_seconds:.0f} CPU s",
                *scores[-1].survivors,
            ]
            print("\n".join(lines), flush=True)
            if given.write and scores[-1].tried:
                PAGE.write_text(with_rows(PAGE.read_text(), {module["path"]: row(scores[-1])}))
    print("\n".join([*HEADING, *(row(one) for one in scores if one.tried)]))
    sys.exit(any(one.share < one.floor for one in scores))


if __name__ == "__main__":
    main()

"""Break the modules of ``modules.toml`` on purpose, one fault at a time, and count which their tests notice.

``make mutants ARGS="[--module PART] [--most 8] [--minutes 30] [--write]"``. Works in a copy of the tree.
Ends with 1 where a module is below its floor. ``--write`` puts the figures into docs/testing.md.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.mutants.making import Mutant, mutants_of, sample
from tests.stack import temporary_folder

ROOT = Path(__file__).parents[2]
LIST = Path(__file__).with_name("modules.toml")
LEAST_SECONDS = 60.0
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

    def seconds_of(self, tests: list[str]) -> float:
        """How long the tests take on the unbroken tree; ends the run where they are red."""
        began = time.monotonic()
        if self.notices(tests, 600):
            raise SystemExit(f"the tests are red without any fault: {' '.join(tests)}")
        return time.monotonic() - began

    def notices(self, tests: list[str], seconds: float) -> bool:
        """Whether the tests go red, or never end."""
        environment = {**os.environ, "PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-m", "pytest", *tests, "-x", "-q", "-p", "no:cacheprovider"]
        process = subprocess.Popen(
            command, cwd=self.folder, env=environment, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            return process.wait(timeout=seconds) != 0
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()
            return True


def score(copy: Copy, module: dict[str, object], most: int, until: float) -> Score:
    """Try a sample of the module's mutants, as many as there is time for."""
    path, tests = str(module["path"]), [str(test) for test in module["tests"]]  # type: ignore[attr-defined]
    source, target = (ROOT / path).read_text(), copy.folder / path
    every = mutants_of(source)
    found = Score(path, float(str(module["floor"])), len(every))
    limit = max(LEAST_SECONDS, 4 * copy.seconds_of(tests))
    try:
        for mutant in sample(every, most, path):
            if time.monotonic() > until:
                break
            target.write_text(mutant.of(source))
            if copy.notices(tests, limit):
                found.noticed += 1
            else:
                found.survivors.append(_shown(path, mutant, source))
    finally:
        target.write_text(source)
    return found


def _shown(path: str, mutant: Mutant, source: str) -> str:
    line = source.splitlines()[mutant.line - 1].strip()
    return f"  {path}:{mutant.line}:{mutant.column} {mutant.operator.removeprefix('core/')}: {line}"


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
        line.split("`")[1]: line for line in page.splitlines() if line.startswith(("| `shared/", "| `api/"))
    }
    lines = "\n".join([*HEADING, *(kept | rows).values()])
    return FIGURES.sub(lambda match: f"{match[1]}{lines}\n{match[2]}", page)


def main() -> None:
    """Try the modules, print what survived, and hold each score to its floor."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--module", action="append", help="only those whose path has this part; repeat")
    parser.add_argument("--most", type=int, default=8, help="mutants of each module")
    parser.add_argument("--minutes", type=float, default=30.0, help="for everything")
    parser.add_argument("--write", action="store_true", help="put the figures into docs/testing.md")
    given = parser.parse_args()
    until = time.monotonic() + 60 * given.minutes
    wanted = given.module or [""]
    every = tomllib.loads(LIST.read_text())["module"]
    modules = [one for one in every if any(part in one["path"] for part in wanted)]
    scores = []
    with temporary_folder() as folder:
        copy = Copy(folder)
        for module in modules:
            if time.monotonic() > until:
                print(f"{module['path']}: no time left")
                continue
            scores.append(score(copy, module, given.most, until))
            print(f"{scores[-1].path}: {scores[-1].noticed} of {scores[-1].tried} noticed", flush=True)
            print("\n".join(scores[-1].survivors), flush=True)
    rows = {one.path: row(one) for one in scores if one.tried}
    print("\n".join([*HEADING, *rows.values()]))
    if given.write:
        PAGE.write_text(with_rows(PAGE.read_text(), rows))
    sys.exit(any(one.share < one.floor for one in scores))


if __name__ == "__main__":
    main()

"""Twenty seeds of chaos on one version, the control, the recovery times, and the page that tells of them.

``python -m benchmarks.faults.chaos_seeds``: some 37 minutes on a quiet machine of two cores. Each run is a
process of its own, and keeps its line in ``results/chaos.jsonl`` when it ends; started again, it goes on
with what is missing of this version, and drops what is of another. Ends with 1 if anything was wrong.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.faults import reliability
from benchmarks.faults.recovery import RESULTS as RECOVERY
from tests.faults.chaos import version
from tests.faults.machine import ROOT

RESULTS = Path(__file__).parents[1] / "results" / "chaos.jsonl"
TRIES = 2  # of a run that came to no verdict: the machine could not be set up
SETTLED_WITHIN_SECONDS = 20  # the control's sessions never are


def main() -> None:
    """Run what is missing, and write the page."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seeds", type=int, default=20)
    arguments.add_argument("--first", type=int, default=1)
    arguments.add_argument("--seconds", type=int, default=60)
    arguments.add_argument("--without-recovery", action="store_true")
    asked = arguments.parse_args()
    here = version()
    _keep_only(here)
    wanted = range(asked.first, asked.first + asked.seeds)
    missing = [seed for seed in wanted if not _run(here, seed, asked.seconds)]
    if not _run(here, asked.first, asked.seconds, control=True):
        missing.append(0)
    if not asked.without_recovery and json.loads(RECOVERY.read_text())["version"] != here:
        subprocess.run([sys.executable, "-m", "benchmarks.faults.recovery", "--write"], cwd=ROOT, check=True)
    reliability.main()
    sys.exit(1 if _tell(here, missing) else 0)


def _tell(here: str, missing: list[int]) -> bool:
    """Say what is not as it should be; whether anything is."""
    whole = [run for run in _lines(here) if run["with_dispatcher"]]
    blind = [run for run in _lines(here) if not run["with_dispatcher"] and not run["verdict"]["stuck"]]
    told = {
        "something wrong in seeds": [run["seed"] for run in whole if reliability.wrong_in(run)],
        "nothing accepted in seeds": [run["seed"] for run in whole if not run["verdict"]["accepted"]],
        "no verdict of seeds (0: the control)": missing,
        "the control finds nothing in seeds": [run["seed"] for run in blind],
    }
    for what, seeds in told.items():
        if seeds:
            print(f"{what}: {', '.join(map(str, seeds))}")
    print(f"{len(whole)} runs of version {here}")
    return any(told.values())


def _lines(of_version: str) -> list[dict[str, Any]]:
    runs = [json.loads(line) for line in RESULTS.read_text().splitlines()] if RESULTS.exists() else []
    return [run for run in runs if run["version"] == of_version]


def _keep_only(of_version: str) -> None:
    kept = [json.dumps(run) + "\n" for run in _lines(of_version)]
    RESULTS.write_text("".join(kept))


def _is_done(here: str, seed: int, seconds: int, control: bool) -> bool:
    asked = (seed, float(seconds), not control)
    return any((run["seed"], run["seconds"], run["with_dispatcher"]) == asked for run in _lines(here))


def _run(here: str, seed: int, seconds: int, *, control: bool = False) -> bool:
    """Whether the run has a verdict of this version, after at most some tries."""
    words = ["--seed", str(seed), "--seconds", str(seconds), "--append-to", str(RESULTS)]
    if control:
        words += ["--without-dispatcher", "--settled-within", str(SETTLED_WITHIN_SECONDS)]
    for _ in range(TRIES):
        if _is_done(here, seed, seconds, control):
            return True
        print(f"seed {seed}{' without a dispatcher' if control else ''} …", flush=True)
        subprocess.run(
            [sys.executable, "-m", "tests.faults.chaos", *words],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            check=False,
        )
    return _is_done(here, seed, seconds, control)


if __name__ == "__main__":
    main()

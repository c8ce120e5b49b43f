"""Writes the figures of ``docs/reliability.md`` from what chaos runs and recovery measurements left.

``python -m benchmarks.faults.reliability``; ``benchmarks.faults.chaos_seeds`` does it last. Chaos runs add
a line each to ``results/chaos.jsonl``; ``benchmarks.faults.recovery`` keeps ``results/recovery.json``.
Nothing is left out: every line of the files is told.
"""

import json
import statistics
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parents[1] / "results"
PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- figures: python -m benchmarks.faults.reliability -->", "<!-- end of figures -->"
KINDS = ("lost", "stuck", "doubled", "disordered", "told", "orphaned")
CASES = {
    "nothing": "nothing, for comparison",
    "worker_killed": "the worker is killed in the middle of a chunk; another is idle",
    "all_processes_killed": "all processes are killed and started again",
    "redis_restarted_empty": "Redis is killed and back at once, empty; three sessions wait in the queue",
    "redis_flushed": "Redis is flushed; three sessions wait in the queue",
    "postgres_restarted": "Postgres is restarted at once in the middle of a chunk",
}


def main() -> None:
    """Put the figures between the marks of the page."""
    runs = [json.loads(line) for line in (RESULTS / "chaos.jsonl").read_text().splitlines()]
    recovery = json.loads((RESULTS / "recovery.json").read_text())
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    figures = "\n".join([*_chaos(runs), "", *_recovery(recovery)])
    PAGE.write_text(f"{before}{BEGIN}\n{figures}\n{END}{after}")


def _chaos(runs: list[dict[str, Any]]) -> Iterable[str]:
    whole = [run for run in runs if run["with_dispatcher"]]
    controls = [run for run in runs if not run["with_dispatcher"]]
    yield "### Chaos"
    yield ""
    yield from _summary(whole)
    yield ""
    yield from _injected(whole)
    yield ""
    yield from _by_seed(whole)
    if said := [f"- seed {run['seed']}: {words}" for run in whole for words in wrong_in(run)]:
        yield from ("", "What the oracle said:", "", *said)
    if controls:
        yield ""
        yield "The control, the same without a dispatcher, must leave sessions stuck:"
        yield ""
        for run in controls:
            verdict = run["verdict"]
            yield (
                f"- seed {run['seed']}, {run['seconds']:.0f} s: of {verdict['accepted']} accepted sessions "
                f"{len(verdict['stuck'])} stuck."
            )


def wrong_in(run: dict[str, Any]) -> list[str]:
    """What the oracle found wrong, by kind."""
    return [f"{kind}: {words}" for kind in KINDS for words in run["verdict"][kind]]


def _summary(runs: list[dict[str, Any]]) -> Iterable[str]:
    verdicts = [run["verdict"] for run in runs]
    versions = ", ".join(f"`{version}`" for version in sorted({run["version"] for run in runs}))
    dates = sorted(run["began_at"][:10] for run in runs)
    days = dates[0] if dates[0] == dates[-1] else f"{dates[0]} to {dates[-1]}"
    accepted = sum(verdict["accepted"] for verdict in verdicts)
    found = ", ".join(f"**{sum(len(verdict[kind]) for verdict in verdicts)} {kind}**" for kind in KINDS)
    yield (
        f"{len(runs)} runs of {runs[0]['seconds']:.0f} s on {days}, version {versions}: "
        f"{sum(sum(run['faults'].values()) for run in runs)} faults, {accepted} accepted sessions, "
        f"{sum(verdict['attempts'] for verdict in verdicts)} attempts of steps, "
        f"{sum(verdict['redis_commands'] for verdict in verdicts)} Redis commands read."
    )
    well = sum(not wrong_in(run) for run in runs)
    yield f"Of the sessions: {found}. Nothing was wrong in {well} of the {len(runs)} runs."
    settled = [verdict["settled_in_seconds"] for verdict in verdicts]
    yield (
        f"After the faults ended, everything was final within {statistics.median(settled):.1f} s "
        f"(median; longest {max(settled):.1f} s)."
    )


def _injected(runs: list[dict[str, Any]]) -> Iterable[str]:
    faults, requests = Counter[str](), Counter[str]()
    for run in runs:
        faults.update(run["faults"])
        requests.update(run["requests"])
    yield "| injected | times |"
    yield "|---|---|"
    for name, times in faults.most_common():
        yield f"| {name} | {times} |"
    yield ""
    yield "| asked meanwhile | times |"
    yield "|---|---|"
    for name, times in requests.most_common():
        yield f"| {name} | {times} |"


def _by_seed(runs: list[dict[str, Any]]) -> Iterable[str]:
    statuses = ("processed", "cancelled", "deleted", "failed")
    ended = " | ".join(statuses)
    yield f"| seed | version | load | faults | accepted | {ended} | attempts | fenced | wrong | final after |"
    yield "|---" * (len(statuses) + 9) + "|"
    for run in sorted(runs, key=lambda run: run["began_at"]):
        verdict = run["verdict"]
        ended = " | ".join(str(verdict["statuses"].get(status, 0)) for status in statuses)
        wrong = ", ".join(f"{len(verdict[kind])} {kind}" for kind in KINDS if verdict[kind]) or "0"
        yield (
            f"| {run['seed']} | `{run['version']}` | {run['load']:.0f} "
            f"| {sum(run['faults'].values())} | {verdict['accepted']} | {ended} "
            f"| {verdict['most_attempts']} | {verdict['fenced']} | {wrong} "
            f"| {verdict['settled_in_seconds']:.1f} s |"
        )


def _recovery(found: dict[str, Any]) -> Iterable[str]:
    yield "### Recovery"
    yield ""
    yield f"On {found['date']}, version `{found['version']}`, seconds from the fault to `processed`:"
    yield ""
    yield "| what happens | median | each |"
    yield "|---|---|---|"
    for name, words in CASES.items():
        seconds = found[name]
        each = ", ".join(f"{value:.1f}" for value in seconds)
        yield f"| {words} | {statistics.median(seconds):.1f} | {each} |"


if __name__ == "__main__":
    main()

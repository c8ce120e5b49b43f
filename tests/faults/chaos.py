"""Everything at once: ``python -m tests.faults.chaos --seed 1 --seconds 60``, then calm, then the oracle.

People upload, repeat what got no answer, cancel, delete and retry, and a rule of retention removes old
sessions, while faults are drawn by the seed. The draw repeats with the seed; the machine's timing does
not, so neither do the outcomes. Ends with 1 if the oracle finds anything.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx2

from shared import logs
from tests.faults.arming import Armed
from tests.faults.breaking import FAULTS, wait_until_mended
from tests.faults.clinic import Clinic
from tests.faults.clocks import library
from tests.faults.listening import listening_to_redis
from tests.faults.machine import ROOT, running_machine
from tests.faults.oracle import Verdict, judge

WORKERS = 3
UPLOADERS = 3
PAUSE_BETWEEN_FAULTS = (0.5, 3.0)
PAUSE_BETWEEN_UPLOADS = (0.3, 1.5)
PAUSE_BETWEEN_CHANGES = (1.0, 5.0)
SETTLED_WITHIN_SECONDS = 120.0
OLD_ONES = 0.2  # of the sessions: retention removes them when their work is done
WRITTEN = ("benchmarks/results", "docs/reliability.md")


@dataclass
class Run:
    """One chaos run: what was drawn and what came out."""

    seed: int
    seconds: float
    with_dispatcher: bool
    version: str
    began_at: str
    faults: Counter[str] = field(default_factory=Counter)
    requests: Counter[str] = field(default_factory=Counter)
    verdict: Verdict = field(default_factory=Verdict)
    load: float = 0.0
    raised_in_requests: int = 0

    @property
    def broken_answers(self) -> int:
        """How many requests were answered by an unexpected error; what broke is in the log.

        An error that this run itself had raised within a request (an upload publishes its task) is none.
        """
        answered = sum(count for what, count in self.requests.items() if what.endswith("answered 500"))
        return max(0, answered - self.raised_in_requests)


def run(
    seed: int, seconds: float, *, dispatcher: bool = True, settled_within: float = SETTLED_WITHIN_SECONDS
) -> Run:
    """Break a machine for so many seconds, let it calm down, and judge it."""
    made = Run(seed, seconds, dispatcher, version(), datetime.now(UTC).isoformat(timespec="seconds"))
    own_clocks = library() is not None
    with (
        running_machine(WORKERS, own_clocks=own_clocks) as machine,
        listening_to_redis(machine.redis.admin_url, machine.marker) as listener,
    ):
        with Clinic(machine) as clinic:
            if not dispatcher:
                machine.keeper.hold_down("dispatcher")
            clinic.let_go_of_old_ones()
            _break(clinic, made)
            wait_until_mended()
            machine.calm_down(but=() if dispatcher else ("dispatcher",))
            made.verdict = judge(clinic, listener, within=settled_within)
        made.raised_in_requests = machine.log_of("web").count(f'"error": "{Armed.__name__}"')
        if made.verdict.problems or made.broken_answers:
            machine.show()
    made.load = round(os.getloadavg()[0], 1)
    return made


def version() -> str:
    """What runs, as git names it; what it writes of itself makes no other version of it."""
    described = _git("describe", "--always", "--tags")
    changed = _git("status", "--porcelain", "--", ".", *(f":!{path}" for path in WRITTEN))
    return f"{described}-dirty" if changed else described


def _git(*words: str) -> str:
    asked = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return asked.stdout.strip()


def _break(clinic: Clinic, made: Run) -> None:
    over_at = time.monotonic() + made.seconds
    chance = random.Random(made.seed)
    seeds = [chance.random() for _ in range(UPLOADERS + 2)]

    def break_something(mine: random.Random) -> None:
        names = list(FAULTS)
        name = mine.choices(names, [weight for _, weight in FAULTS.values()])[0]
        FAULTS[name][0](clinic.machine, mine)
        made.faults[name] += 1

    people: list[tuple[Callable[[random.Random], None], tuple[float, float]]] = [
        (break_something, PAUSE_BETWEEN_FAULTS),
        (lambda mine: _meddle(clinic, made, mine), PAUSE_BETWEEN_CHANGES),
        *[(lambda mine: _upload(clinic, made, mine, over_at), PAUSE_BETWEEN_UPLOADS)] * UPLOADERS,
    ]
    threads = [
        threading.Thread(target=_again_and_again, args=(act, random.Random(own), pauses, over_at))
        for (act, pauses), own in zip(people, seeds, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _again_and_again(
    act: Callable[[random.Random], None], mine: random.Random, pauses: tuple[float, float], over_at: float
) -> None:
    never = threading.Event()
    while time.monotonic() < over_at:
        act(mine)
        never.wait(mine.uniform(*pauses))


def _upload(clinic: Clinic, made: Run, mine: random.Random, over_at: float) -> None:
    """One recording, sent again with the same key until there is an answer that settles it."""
    key, chunks, old = uuid4().hex, mine.randint(1, 4), mine.random() < OLD_ONES
    never = threading.Event()
    while time.monotonic() < over_at:
        try:
            answer = clinic.send(chunks, key, old=old)
        except httpx2.TransportError:
            made.requests["uploads without an answer"] += 1
        else:
            made.requests[f"uploads answered {answer.status_code}"] += 1
            if answer.status_code not in (409, 503):
                return
        never.wait(0.5)


def _meddle(clinic: Clinic, made: Run, mine: random.Random) -> None:
    """Cancel, delete or retry some session, whatever it is doing."""
    if not clinic.accepted:
        return
    session_id = mine.choice(list(clinic.accepted))
    name, act = mine.choices(
        [("cancel", clinic.cancel), ("delete", clinic.delete), ("retry", clinic.retry)], [2, 2, 1]
    )[0]
    try:
        made.requests[f"{name} answered {act(session_id)}"] += 1
    except httpx2.TransportError:
        made.requests[f"{name} without an answer"] += 1


def main() -> None:
    """Run, print, and add a line to a file if one is named."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    arguments.add_argument("--seconds", type=float, default=60)
    arguments.add_argument("--without-dispatcher", action="store_true", help="the control: it must fail")
    arguments.add_argument("--append-to", type=Path, help="a file that gets the outcome as a line of JSON")
    arguments.add_argument("--settled-within", type=float, default=SETTLED_WITHIN_SECONDS)
    asked = arguments.parse_args()
    logs.configure("chaos", "ERROR")  # or what is logged stands before the outcome
    made = run(
        asked.seed,
        asked.seconds,
        dispatcher=not asked.without_dispatcher,
        settled_within=asked.settled_within,
    )
    found = json.dumps({**vars(made), "verdict": vars(made.verdict)})
    if asked.append_to:
        with asked.append_to.open("a") as file:
            file.write(found + "\n")
    print(json.dumps(json.loads(found), indent=2))
    sys.exit(1 if made.verdict.problems else 0)


if __name__ == "__main__":
    main()

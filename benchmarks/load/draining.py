"""Works off a long queue, and shows the rate of each thousand: ``python -m benchmarks.load.draining``.

All sessions wait in Postgres and in Redis when the workers begin; nothing else is asked of them. About
twenty minutes for 5,000 on two cores.
"""

import argparse
import json
import os
import signal
import time

from sqlalchemy import text

from benchmarks.load.two_sides import PATIENCE_SECONDS, Bench, promise_sessions, publishing, running_bench
from shared import logs
from tests.faults.chaos import version
from tests.waiting import wait_for

_PROCESSED = "SELECT count(*) FROM sessions WHERE status = 'processed'"


def main() -> None:
    """Measure, and print the figures as JSON."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--sessions", type=int, default=5000)
    arguments.add_argument("--window", type=int, default=1000)
    asked = arguments.parse_args()
    logs.configure("benchmark", "ERROR")
    with running_bench() as bench:
        found = drain(bench, asked.sessions, asked.window)
    print(json.dumps({"version": version(), **found}, indent=2))


def drain(bench: Bench, count: int, window: int) -> dict[str, object]:
    """Sessions a second of each ``window``, from the first to the last, with the load of the machine then."""
    for kept in [*bench.ours, *bench.bare]:
        kept.send_group(signal.SIGSTOP)
    sessions = promise_sessions(bench.machine, count)
    publishing(bench, sessions)()
    for kept in bench.ours:
        kept.send_group(signal.SIGCONT)
    windows = []
    for done in range(window, count + 1, window):
        began = time.perf_counter()
        wait_for(lambda done=done: _processed(bench) >= done, PATIENCE_SECONDS)  # type: ignore[misc]
        rate = round(window / (time.perf_counter() - began), 1)
        windows.append({"until": done, "per_second": rate, "load": round(os.getloadavg()[0], 1)})
    return {"queued": count, "windows": windows}


def _processed(bench: Bench) -> int:
    return int(bench.watching.execute(text(_PROCESSED)).scalar_one())


if __name__ == "__main__":
    main()

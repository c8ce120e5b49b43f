"""Measures how long a session takes when what works on it is killed, with leases and pauses by default.

``python -m benchmarks.faults.recovery --write`` takes some five minutes and keeps the figures for
``docs/reliability.md``. A step is held in its middle, the fault happens, and the clock runs until
the session is processed.
"""

import argparse
import json
import random
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from shared import logs
from tests.faults.breaking import cut_power, lose_redis
from tests.faults.chaos import version
from tests.faults.clinic import Clinic
from tests.faults.machine import Machine, running_machine
from tests.faults.oracle import judge

RESULTS = Path(__file__).parents[1] / "results" / "recovery.json"
DEFAULTS = {
    "SESSIONSCRIBE_LEASE_SECONDS": "30",
    "SESSIONSCRIBE_REDISPATCH_SECONDS": "30",
    "SESSIONSCRIBE_DISPATCH_INTERVAL_SECONDS": "0.5",
}
PATIENCE_SECONDS = 300


def nothing(clinic: Clinic) -> float:
    """An upload and its work, undisturbed."""
    began = time.monotonic()
    clinic.wait_until_processed(clinic.upload(), seconds=PATIENCE_SECONDS)
    return time.monotonic() - began


def worker_killed(clinic: Clinic) -> float:
    """One worker as a whole, in the middle of a chunk; the other is idle."""

    def kill() -> None:
        (pid,) = clinic.machine.orders.taken("hearing.1")
        clinic.machine.keeper[clinic.machine.worker_of(pid)].send_group(signal.SIGKILL)

    return _in_the_middle(clinic, kill)


def all_processes_killed(clinic: Clinic) -> float:
    """As when the machine is switched off and on again: the processes must start anew, too."""
    return _in_the_middle(clinic, lambda: cut_power(clinic.machine, random.Random(0)))


def postgres_restarted(clinic: Clinic) -> float:
    """At once, without a proper end, in the middle of a chunk."""
    return _in_the_middle(clinic, lambda: clinic.machine.keeper.restart("postgres", signal.SIGQUIT))


def redis_restarted_empty(clinic: Clinic) -> float:
    """Killed with three sessions in the queue, and back at once without them."""
    return _in_the_queue(clinic, lambda: lose_redis(clinic.machine, 0))


def redis_flushed(clinic: Clinic) -> float:
    """With three sessions in the queue."""
    return _in_the_queue(clinic, clinic.machine.flush_redis)


def _in_the_middle(clinic: Clinic, fault: Callable[[], None]) -> float:
    orders = clinic.machine.orders
    orders.arm("hearing.1", "hold")
    session_id = clinic.upload()
    orders.wait_until_taken("hearing.1")
    began = time.monotonic()
    fault()
    orders.disarm()
    clinic.wait_until_processed(session_id, seconds=PATIENCE_SECONDS)
    return time.monotonic() - began


def _in_the_queue(clinic: Clinic, fault: Callable[[], None]) -> float:
    orders, workers = clinic.machine.orders, len(clinic.machine.workers)
    orders.arm("claimed.transcribe", "hold", times=workers)
    sessions = [clinic.upload() for _ in range(workers)]
    orders.wait_until_taken("claimed.transcribe", workers)
    sessions += [clinic.upload() for _ in range(3)]
    began = time.monotonic()
    fault()
    orders.disarm()
    clinic.wait_until_processed(*sessions, seconds=PATIENCE_SECONDS)
    return time.monotonic() - began


CASES = (
    nothing,
    worker_killed,
    all_processes_killed,
    redis_restarted_empty,
    redis_flushed,
    postgres_restarted,
)


def main() -> None:
    """Measure each case some times, and print, or keep, the figures."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--write", action="store_true", help=f"into {RESULTS.name}")
    asked = arguments.parse_args()
    logs.configure("benchmark", "ERROR")
    found: dict[str, object] = {"version": version(), "date": datetime.now(UTC).date().isoformat()}
    with running_machine(settings=DEFAULTS) as machine:
        _measure(machine, nothing)  # what a process needs once
        for case in CASES:
            found[case.__name__] = [_measure(machine, case) for _ in range(asked.rounds)]
            print(case.__name__, found[case.__name__], flush=True)
    if asked.write:
        RESULTS.write_text(json.dumps(found, indent=2) + "\n")


def _measure(machine: Machine, case: Callable[[Clinic], float]) -> float:
    """Seconds, once; and nothing may be wrong afterwards."""
    machine.calm_down()
    with Clinic(machine) as clinic:
        seconds = case(clinic)
        assert judge(clinic).problems == []
    return round(seconds, 1)


if __name__ == "__main__":
    main()

"""Measures what the pipeline costs beside a bare chain of three tasks, on one broker, in one run.

``python -m benchmarks.pipeline``: sessions a second and CPU time, from a queue; and the time from
accept to processed with nothing else to do. ``python -m benchmarks.load.draining`` works off a long queue.
"""

import argparse
import json
import os
import statistics
import time

from redis import Redis

from benchmarks.load.two_sides import (
    DONE,
    PATIENCE_SECONDS,
    Bench,
    measured,
    promise_sessions,
    publish_chain,
    publishing,
    running_bench,
    unfinished,
)
from shared import logs
from shared.db.tables.core import TherapySession
from tests.database import everything
from tests.faults.chaos import version
from tests.waiting import wait_for


def main() -> None:
    """Measure, and print the figures as JSON."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--sessions", type=int, default=300)
    arguments.add_argument("--rounds", type=int, default=3, help="of the rates; told are the medians")
    arguments.add_argument("--singles", type=int, default=40, help="one after the other, for the latency")
    asked = arguments.parse_args()
    logs.configure("benchmark", "ERROR")
    with running_bench() as bench:
        found: dict[str, object] = {"version": version(), "load": round(os.getloadavg()[0], 1)}
        _warm_up(bench)
        found |= latencies(bench, asked.singles)
        found |= rates(bench, asked.sessions, asked.rounds)
        found["load_at_the_end"] = round(os.getloadavg()[0], 1)
    print(json.dumps(found, indent=2))


def _warm_up(bench: Bench) -> None:
    """The first task of a process imports and connects: not what is measured."""
    for _ in range(4):
        _single_session(bench)
        _single_chain(bench)


def latencies(bench: Bench, count: int) -> dict[str, object]:
    """One after the other, on a machine with nothing else to do."""
    ours = [_single_session(bench) for _ in range(count)]
    bare = [_single_chain(bench) for _ in range(count)]
    added = statistics.median(ours) - statistics.median(bare)
    return {
        "idle_ms": {"ours": _spread(ours), "bare": _spread(bare)},
        "added_ms": round(added * 1000, 1),
    }


def _single_session(bench: Bench) -> float:
    """Seconds from the promise to ``processed``, by the database's clock."""
    session_id = bench.clinic.upload(chunks=1)
    wait_for(lambda: unfinished(bench) == 0, PATIENCE_SECONDS)
    with everything(bench.machine.postgres.url) as db:
        row = db.get_one(TherapySession, session_id)
        assert row.processed_at is not None
        return (row.processed_at - row.created_at).total_seconds()


def _single_chain(bench: Bench) -> float:
    with Redis.from_url(bench.machine.redis.url) as redis:
        began = time.perf_counter()
        publish_chain(bench.app)
        assert redis.blpop(DONE, timeout=60)
        return time.perf_counter() - began


def _spread(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    return {
        "p50": round(statistics.median(ordered) * 1000, 1),
        "p95": round(ordered[int(len(ordered) * 0.95)] * 1000, 1),
    }


def rates(bench: Bench, count: int, rounds: int) -> dict[str, object]:
    """A queue of ``count`` is worked off by one side, then by the other, and again."""
    ours = [_rate_of_sessions(bench, count) for _ in range(rounds)]
    bare = [_rate_of_chains(bench, count) for _ in range(rounds)]
    ratios = [mine["per_second"] / theirs["per_second"] for mine, theirs in zip(ours, bare, strict=True)]
    return {
        "ours": _median(ours),
        "bare": _median(bare),
        "rate_to_that_of_bare": round(statistics.median(ratios), 2),
    }


def _rate_of_sessions(bench: Bench, count: int) -> dict[str, float]:
    sessions = promise_sessions(bench.machine, count)
    return measured(
        bench,
        bench.ours,
        lambda: unfinished(bench) == 0,
        count,
        publishing(bench, sessions),
    )


def _rate_of_chains(bench: Bench, count: int) -> dict[str, float]:
    def publish() -> None:
        for _ in range(count):
            publish_chain(bench.app)

    with Redis.from_url(bench.machine.redis.url) as redis:
        redis.delete(DONE)
        return measured(bench, bench.bare, lambda: redis.llen(DONE) == count, count, publish)


def _median(rounds: list[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}


if __name__ == "__main__":
    main()

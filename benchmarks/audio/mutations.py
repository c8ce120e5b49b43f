"""Feeds the decoder damaged recordings by the thousand: deaths, hangs and what is left behind.

Run ``python -m benchmarks.audio.mutations`` (or ``make mutations``); it takes some minutes of one core.
"""

import argparse
import json
import time
from collections import Counter
from pathlib import Path
from tempfile import gettempdir

import numpy as np
import psutil

from shared.domain.errors import PermanentStepError, UnsupportedMedia
from shared.media.isolation.sandbox import Sandbox
from shared.media.limits import MediaLimits
from tests.fakes.media_files import HONEST, Bytes, honest
from tests.integration.media.test_media_mutations import mutated

SEEDS = tuple(HONEST)

LIMITS = MediaLimits(max_seconds=60, probe_cpu_seconds=5, decode_cpu_seconds=5)
HANG_SECONDS = 15.0


def outcome(sandbox: Sandbox, data: bytes) -> str:
    """How one recording ends: decoded, refused with a code, or (which nothing may) an error's name."""
    heard = 0

    def take(pcm: bytes) -> None:
        nonlocal heard
        heard += len(pcm)

    try:
        sandbox.probe(Bytes(data))
        sandbox.decode(Bytes(data), take)
    except (UnsupportedMedia, PermanentStepError) as refused:
        return f"refused: {refused.code}"
    except Exception as error:  # noqa: BLE001 - counted, and told
        return f"DIED: {type(error).__name__}"
    return "decoded" if heard <= LIMITS.max_seconds * 64_000 else "DIED: more sound than the limit"


def run(count: int) -> dict[str, object]:
    """Figures of ``count`` mutations, shared out over the formats."""
    seeds = {name: honest(name, seconds=2) for name in SEEDS}
    outcomes: Counter[str] = Counter()
    seconds: list[float] = []
    before = set(Path(gettempdir()).iterdir())
    with Sandbox(LIMITS) as sandbox:
        server = psutil.Process(sandbox.server_pid)
        for number in range(count):
            name = SEEDS[number % len(SEEDS)]
            data = mutated(seeds[name], np.random.default_rng([1_000_000 + number, number % len(SEEDS)]))
            begun = time.monotonic()
            outcomes[outcome(sandbox, data)] += 1
            seconds.append(time.monotonic() - begun)
        children, same = len(server.children()), sandbox.server_pid == server.pid
    return {
        "mutations": count,
        "outcomes": dict(outcomes.most_common()),
        "deaths": sum(number for name, number in outcomes.items() if name.startswith("DIED")),
        "server_restarts": 0 if same else 1,
        "hangs": sum(one > HANG_SECONDS for one in seconds),
        "slowest_seconds": round(max(seconds), 2),
        "median_seconds": round(float(np.median(seconds)), 3),
        "children_left": children,
        "files_left": len(
            [p for p in set(Path(gettempdir()).iterdir()) - before if "sessionscribe" in p.name]
        ),
    }


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000)
    print(json.dumps(run(parser.parse_args().count), indent=1))


if __name__ == "__main__":
    main()

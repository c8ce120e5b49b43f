"""A stack under a load that is known beforehand, beside the prediction of ``benchmarks.load.capacity``.

``python -m benchmarks.load.capacity_run``: `sessionscribe up` with its own Postgres and Redis, recordings
of known lengths that arrive by chance, and ``benchmarks.load.waiting_engine`` for speech, which takes a
known time and no core. The prediction is told the arrivals, the lengths, the workers and how long each kind
of work took.
"""

import argparse
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from benchmarks.load import waiting_engine
from benchmarks.load.capacity import measured, simulate
from cli.local.stack import wait_until_ready
from cli.profile import saved_profile
from embedded.launch import launched
from embedded.ports import LOOPBACK
from tests.containers.compose import add_patient, finished, upload
from tests.e2e.conftest import excerpt
from tests.faults.machine import WITHOUT_LIMITS

LENGTHS = (20.0, 40.0, 60.0, 80.0)  # seconds: below what the engine hears at once, so that each is one chunk
PATIENCE_SECONDS = 500
SEED = 7


def main() -> None:
    """Run, and print both."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--sessions", type=int, default=30)
    arguments.add_argument("--workers", type=int, default=3)
    arguments.add_argument("--per-minute", type=float, default=12)
    arguments.add_argument("--wait", type=float, default=0.16, help="of the engine, for a second of audio")
    asked = arguments.parse_args()
    chance = random.Random(SEED)
    recordings = {seconds: excerpt(seconds) for seconds in LENGTHS}
    lengths = [chance.choice(LENGTHS) for _ in range(asked.sessions)]
    pauses = [chance.expovariate(asked.per_minute / 60) for _ in lengths]
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; {sum(lengths):.0f} s of audio")
    with (
        tempfile.TemporaryDirectory() as folder,
        running_stack(Path(folder), asked.workers, asked.wait) as (url, key),
    ):
        with httpx2.Client(
            base_url=url, headers={"Authorization": f"Bearer {key}"}, trust_env=False, timeout=60
        ) as client:
            patient = add_patient(client)
            addresses = []
            for seconds, pause in zip(lengths, pauses, strict=True):
                time.sleep(pause)
                addresses.append(upload(client, patient, recordings[seconds]))
            assert {s["status"] for s in finished(client, addresses, PATIENCE_SECONDS)} == {"processed"}
        load, seen_workers, arrivals, seen = measured(Path(folder))
    predicted = simulate(load, asked.workers, 0, arrivals=arrivals)
    print(
        f"{len(seen)} sessions, {seen_workers} of {asked.workers} workers, busy {predicted.utilisation:.0%}"
    )
    for name, values in (("measured", seen), ("predicted", predicted.to_notes)):
        ordered = sorted(values)
        print(f"  {name:<10} median {statistics.median(ordered):5.1f}  mean {statistics.mean(ordered):5.1f}"
              f"  90 % {ordered[int(len(ordered) * 0.9)]:5.1f}  longest {ordered[-1]:5.1f} s")  # fmt: skip
    print(f"  service times: {load}")


@contextmanager
def running_stack(folder: Path, workers: int, wait: float) -> Iterator[tuple[str, str]]:
    """A stack on ``folder`` with the engine that waits; gives its address and the therapist's key."""
    environment = {
        **os.environ,
        **WITHOUT_LIMITS,
        "WORKERS": str(workers),
        "PORT": "19700",
        "WAIT_PER_AUDIO_SECOND": str(wait),
        "SESSIONSCRIBE_TRANSCRIBER": "openai",
        "OPENAI_API_KEY": "none",
        "OPENAI_BASE_URL": f"http://{LOOPBACK}:{waiting_engine.PORT}/v1",
        "SESSIONSCRIBE_OPENAI_IN_HOUSE": "yes",
        "SESSIONSCRIBE_OPENAI_TRANSCRIPTION_MODEL": "whisper-1",
    }
    commands = (
        [sys.executable, "-m", "benchmarks.load.waiting_engine"],
        [sys.executable, "-m", "cli.main", "--data", str(folder), "up"],
    )
    running = [
        subprocess.Popen(launched(command), env=environment, stdout=subprocess.DEVNULL)
        for command in commands
    ]
    try:
        status = wait_until_ready(folder, PATIENCE_SECONDS)
        profile = saved_profile(folder)
        assert profile
        yield status.addresses["web"], profile.therapist_key
    finally:
        for process in reversed(running):
            process.send_signal(signal.SIGTERM)
            process.wait(120)


if __name__ == "__main__":
    main()

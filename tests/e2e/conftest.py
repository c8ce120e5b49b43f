"""A whole stack of real processes, as ``make up`` runs it, for the tests of this folder."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import httpx2
import psutil
import pytest

from embedded import state
from embedded.launch import launched
from embedded.state import StackStatus
from tests.stack import temporary_folder
from tests.waiting import wait_for

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "samples" / "therapy_session.m4a"
REPLACED = ("DATABASE_URL", "REDIS_URL", "STORAGE_URL", "SESSIONSCRIBE_KEYS_DIR")


@dataclass
class RunningStack:
    """A stack on a data folder of its own."""

    data: Path
    process: subprocess.Popen[bytes]

    @property
    def status(self) -> StackStatus:
        found = state.status(self.data)
        assert found is not None, (self.data / "up.log").read_text()
        return found

    def client(self) -> httpx2.Client:
        """An HTTP client with the therapist's key."""
        key = json.loads((self.data / "credentials.json").read_text())["therapist_key"]
        return httpx2.Client(
            base_url=self.status.addresses["web"],
            headers={"Authorization": f"Bearer {key}"},
            timeout=30,
            trust_env=False,
        )

    def processes(self, *words: str) -> list[psutil.Process]:
        """The stack's processes whose command lines hold all of ``words``."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        return [child for child in children if all(word in _command_of(child) for word in words)]


def _command_of(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


@contextmanager
def running_stack(settings: Mapping[str, str], seconds: float = 120) -> Iterator[RunningStack]:
    """A stack that is ready, with these settings beside the usual; ended with everything in it."""
    with temporary_folder() as data:
        environment = {name: value for name, value in os.environ.items() if name not in REPLACED}
        # Ports of its own for each test process: two that look for a free one at once may find the same.
        first = 8000 + 200 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
        environment |= {"PORT": str(first), "FLOWER_PORT": str(first + 100)}
        with (data / "up.log").open("wb") as log:
            process = subprocess.Popen(
                launched([sys.executable, "-m", "cli.main", "--data", str(data), "up"]),
                cwd=ROOT,
                env={**environment, **settings},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        running = RunningStack(data, process)
        try:
            wait_for(lambda: is_ready(running), seconds)
            yield running
        finally:
            process.terminate()
            process.wait(timeout=90)


@pytest.fixture(scope="session")
def stack() -> Iterator[RunningStack]:
    """A running stack with two workers and short leases."""
    short = {"SESSIONSCRIBE_LEASE_SECONDS": "6", "SESSIONSCRIBE_REDISPATCH_SECONDS": "2"}
    with running_stack({"WORKERS": "2", **short}) as running:
        yield running


def is_ready(running: RunningStack) -> bool:
    assert running.process.poll() is None, (running.data / "up.log").read_text()
    found = state.status(running.data)
    return bool(found and found.ready and (running.data / "credentials.json").exists())


@pytest.fixture(scope="session")
def spoken() -> bytes:
    """The first twenty seconds of the sample, as a WAV file."""
    return excerpt(20.0)


def excerpt(seconds: float) -> bytes:
    """The beginning of the sample as a mono WAV file at 16 kHz."""
    out = io.BytesIO()
    with av.open(str(SAMPLE)) as source, av.open(out, "w", format="wav") as target:
        stream = target.add_stream("pcm_s16le", rate=16_000, layout="mono")
        resampler = av.AudioResampler("s16", "mono", 16_000)
        for frame in source.decode(audio=0):
            if frame.time is not None and frame.time > seconds:
                break
            for resampled in resampler.resample(frame):
                target.mux(stream.encode(resampled))
        target.mux(stream.encode(None))
    return out.getvalue()

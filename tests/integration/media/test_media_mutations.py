"""Sixty recordings with random damage: the sandbox answers each one and lives on."""

import contextlib
from collections.abc import Iterator

import numpy as np
import psutil
import pytest

from shared.domain.errors import PermanentStepError, UnsupportedMedia
from shared.media.isolation.sandbox import Sandbox
from shared.media.limits import MediaLimits
from tests.fakes.media_files import Bytes, honest

SEEDS = ("wav", "mp3", "m4a index first", "webm", "opus", "flac")
LIMITS = MediaLimits(max_seconds=60, probe_cpu_seconds=5, decode_cpu_seconds=5)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(LIMITS) as sandbox:
        yield sandbox


def mutated(data: bytes, generator: np.random.Generator) -> bytes:
    """``data`` with bytes changed (mostly in the header), a piece cut out, or a piece doubled."""
    changed = bytearray(data)
    for _ in range(int(generator.integers(1, 30))):
        span = 400 if generator.random() < 0.6 else len(changed)
        changed[int(generator.integers(span))] = int(generator.integers(256))
    start, length = int(generator.integers(len(changed))), int(generator.integers(2000))
    piece = changed[start : start + length]
    kind = generator.integers(3)
    if kind == 1:
        del changed[start : start + length]
    if kind == 2:
        changed[start:start] = piece
    return bytes(changed)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("name", SEEDS)
def test_a_mutated_recording_ends_in_an_answer(sandbox: Sandbox, name: str, seed: int) -> None:
    data = mutated(honest(name, seconds=2), np.random.default_rng([seed, SEEDS.index(name)]))
    taken: list[int] = []
    # Any other error, a dead child among them, fails the test.
    with contextlib.suppress(UnsupportedMedia):
        sandbox.probe(Bytes(data))
    with contextlib.suppress(PermanentStepError):
        sandbox.decode(Bytes(data), lambda pcm: taken.append(len(pcm)))
    assert sum(taken) <= LIMITS.max_seconds * 64_000
    assert psutil.Process(sandbox.server_pid).children() == []

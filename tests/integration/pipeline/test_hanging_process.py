"""A supervised process that shows signs of life, and what happens when it shows none."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded.process import Process, Program
from tests.waiting import wait_for

SIGNING = "import pathlib, sys, time\nwhile True: pathlib.Path(sys.argv[1]).touch(); time.sleep(0.05)"


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    sign_file = tmp_path / "sign"
    program = Program(
        name="worker.1",
        argv=(sys.executable, "-c", SIGNING, str(sign_file)),
        env=dict(os.environ),
        log_name="worker",
        sign_file=sign_file,
        silent_seconds=1.5,
    )
    process = Process(program, tmp_path)
    process.start()
    yield process
    process.kill_group()
    wait_for(lambda: process.pid is None or process.has_just_ended())


def test_a_frozen_process_is_silent_and_ends_by_force(process: Process) -> None:
    sign_file = process.program.sign_file
    assert sign_file is not None
    wait_for(lambda: sign_file.exists() and not process.is_silent())
    assert process.pid
    os.kill(process.pid, signal.SIGSTOP)
    wait_for(process.is_silent)
    process.kill_group()
    wait_for(process.has_just_ended)
    process.start()
    assert not process.is_silent()


def test_a_clock_that_jumps_makes_nobody_silent(process: Process) -> None:
    sign_file = process.program.sign_file
    assert sign_file is not None
    wait_for(sign_file.exists)
    os.utime(sign_file, (0, 0))  # as if the clock had been set back by decades
    assert not process.is_silent()


def test_a_process_that_never_shows_a_sign_is_silent_in_the_end(tmp_path: Path) -> None:
    program = Program(
        name="worker.1",
        argv=(sys.executable, "-c", "import time; time.sleep(60)"),
        env=dict(os.environ),
        log_name="worker",
        sign_file=tmp_path / "sign",
        silent_seconds=0.3,
    )
    process = Process(program, tmp_path)
    process.start()
    assert not process.is_silent()
    wait_for(process.is_silent)
    process.kill_group()
    wait_for(process.has_just_ended)

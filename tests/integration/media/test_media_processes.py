"""The processes that parse media: how many, what they can reach, and what happens when one dies."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from shared.domain.errors import (
    PermanentStepError,
    RetryableStepError,
    Unavailable,
    UnsupportedMedia,
)
from shared.media.isolation import host_slots
from shared.media.isolation.sandbox import Sandbox
from shared.media.limits import MediaLimits
from tests.fakes.media_files import HONEST, Bytes, honest

ROOT = Path(__file__).resolve().parents[3]


def child_of(sandbox: Sandbox) -> psutil.Process:
    [child] = psutil.Process(sandbox.server_pid).children()
    return child


@contextmanager
def held_up(sandbox: Sandbox) -> Iterator[None]:
    """A probe that stands still as long as this lasts, and ends well after it."""
    begun, may_end = threading.Event(), threading.Event()

    class Waiting(Bytes):
        def read_at(self, offset: int, length: int) -> bytes:
            begun.set()
            assert may_end.wait(30)
            return super().read_at(offset, length)

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(sandbox.probe, Waiting(honest("wav")))
        assert begun.wait(30)
        yield
        may_end.set()
        assert first.result().family == "wav"


def test_a_process_has_few_children_at_once() -> None:
    with Sandbox(MediaLimits(children=1, busy_seconds=0.2)) as sandbox:
        with held_up(sandbox), pytest.raises(Unavailable) as error:
            sandbox.probe(Bytes(honest("wav")))
        assert error.value.code == "decoder_unavailable"
        assert sandbox.probe(Bytes(honest("wav"))).family == "wav"


@pytest.mark.skipif(sys.platform != "linux", reason="the slots of a host are names of Linux")
def test_a_host_has_few_children_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two processes with a child each, here two sandboxes, the second waits for the first."""
    monkeypatch.setattr(host_slots, "_PREFIX", f"test-{os.getpid()}")
    limits = MediaLimits(host_children=1, busy_seconds=0.2)
    with Sandbox(limits) as one, Sandbox(limits) as other:
        with held_up(one), pytest.raises(Unavailable) as error:
            other.probe(Bytes(honest("wav")))
        assert error.value.code == "decoder_unavailable"
        assert other.probe(Bytes(honest("wav"))).family == "wav"


def test_a_host_has_at_least_four_children_and_at_most_what_a_quarter_of_its_memory_holds() -> None:
    memory = psutil.virtual_memory().total
    assert host_slots.most_children(memory) == 4
    assert host_slots.most_children(1 << 20) <= memory // 4 >> 20


def test_the_child_can_open_start_and_reach_nothing(sandbox: Sandbox) -> None:
    if sandbox.confinement != "seccomp":
        pytest.skip("this kernel offers no seccomp")
    outcomes = sandbox.attempt_escapes()
    assert {"connect", "open", "fork", "execve", "socket", "executable_memory"} <= outcomes.keys()
    assert set(outcomes.values()) == {"EPERM"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may look into a process that cannot be dumped")
def test_the_child_holds_no_descriptor_but_its_own_socket(sandbox: Sandbox) -> None:
    seen: list[int] = []

    class Looking(Bytes):  # while the parent answers, the child waits and is alive
        def read_at(self, offset: int, length: int) -> bytes:
            seen.append(len(list(Path(f"/proc/{child_of(sandbox).pid}/fd").iterdir())))
            return super().read_at(offset, length)

    sandbox.probe(Looking(honest("wav")))
    assert set(seen) == {4}


def test_the_server_has_no_environment(sandbox: Sandbox) -> None:
    assert "PATH" not in psutil.Process(sandbox.server_pid).environ()


def test_the_parent_never_imports_what_parses_media() -> None:
    program = (
        "import sys\n"
        "from shared.media import recognition\n"
        "from shared.media.isolation import sandbox\n"
        "isolation = 'shared.media.isolation'\n"
        "bad = {'av', 'numpy', f'{isolation}.child', f'{isolation}.server', 'shared.media.container'}\n"
        "sys.exit(len(bad & set(sys.modules)))\n"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0


def test_a_child_killed_in_its_work_is_worth_another_attempt(sandbox: Sandbox) -> None:
    killed: list[psutil.Process] = []

    def kill(pcm: bytes) -> None:
        if not killed:
            killed.append(child_of(sandbox))
            killed[0].kill()

    with pytest.raises(RetryableStepError) as error:
        sandbox.decode(Bytes(honest("wav", seconds=30)), kill)
    assert error.value.code == "decoder_died"
    assert sandbox.probe(Bytes(honest("wav"))).family == "wav"


def test_a_child_that_crashes_on_a_probe_refuses_the_upload(sandbox: Sandbox) -> None:
    class Crashing(Bytes):
        def read_at(self, offset: int, length: int) -> bytes:
            child_of(sandbox).send_signal(signal.SIGSEGV)
            return super().read_at(offset, length)

    with pytest.raises(UnsupportedMedia) as error:
        sandbox.probe(Crashing(honest("wav")))
    assert error.value.code == "undecodable"


def test_a_child_that_stands_still_is_given_up_and_killed() -> None:
    stopped: list[psutil.Process] = []

    def stop(pcm: bytes) -> None:
        if not stopped:
            stopped.append(child_of(sandbox))
            stopped[0].suspend()

    with Sandbox(MediaLimits(stall_seconds=0.5)) as sandbox:
        with pytest.raises(PermanentStepError) as error:
            sandbox.decode(Bytes(honest("wav", seconds=30)), stop)
        assert error.value.code == "decoding_timed_out"
        assert not stopped[0].is_running()


def test_an_error_of_the_sink_ends_the_child_and_reaches_the_caller(sandbox: Sandbox) -> None:
    def full(pcm: bytes) -> None:
        raise OSError(28, "no space left")

    with pytest.raises(OSError, match="no space"):
        sandbox.decode(Bytes(honest("wav", seconds=20)), full)
    assert psutil.Process(sandbox.server_pid).children() == []


def test_a_server_killed_between_jobs_is_started_again() -> None:
    with Sandbox() as sandbox:
        first = sandbox.server_pid
        os.kill(first, signal.SIGKILL)
        assert sandbox.probe(Bytes(honest("wav"))).family == "wav"
        assert sandbox.server_pid != first


def test_a_server_killed_during_a_job_takes_its_children_with_it() -> None:
    children: list[psutil.Process] = []

    def kill(pcm: bytes) -> None:
        if not children:
            children.append(child_of(sandbox))
            os.kill(sandbox.server_pid, signal.SIGKILL)

    with Sandbox() as sandbox, pytest.raises(RetryableStepError):
        sandbox.decode(Bytes(honest("wav", seconds=30)), kill)
    assert psutil.wait_procs(children, timeout=10)[1] == []


def test_the_server_ends_when_its_parent_is_killed() -> None:
    program = (
        "import sys, time\n"
        "from shared.media.isolation.sandbox import Sandbox\n"
        "sandbox = Sandbox()\n"
        "print(sandbox.server_pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        server = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    assert psutil.wait_procs([server], timeout=15)[1] == []


def test_a_forked_process_starts_a_server_of_its_own(sandbox: Sandbox) -> None:
    ours = sandbox.server_pid
    data = honest("wav")
    pid = os.fork()
    if pid == 0:
        good = sandbox.probe(Bytes(data)).family == "wav" and sandbox.server_pid != ours
        sandbox.close()
        os._exit(0 if good else 1)
    assert os.waitpid(pid, 0)[1] == 0
    assert sandbox.server_pid == ours
    assert sandbox.probe(Bytes(data)).family == "wav"


def test_twenty_threads_probe_at_once_and_leave_no_process_behind(sandbox: Sandbox) -> None:
    files = {name: honest(name) for name in ("mp3", "wav", "m4a", "webm", "flac")}
    names = list(files) * 4
    with ThreadPoolExecutor(20) as pool:
        families = list(pool.map(lambda name: sandbox.probe(Bytes(files[name])).family, names))
    assert families == [HONEST[name][1] for name in names]
    assert psutil.Process(sandbox.server_pid).children() == []


def test_a_closed_sandbox_leaves_no_server() -> None:
    sandbox = Sandbox()
    server = psutil.Process(sandbox.server_pid)
    sandbox.close()
    assert not server.is_running()

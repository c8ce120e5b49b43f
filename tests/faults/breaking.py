"""Ways to break a machine, each of which a real one meets; whatever is frozen thaws by itself."""

import ctypes
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from shared.vault.keystore import KeyStore
from tests.faults.keeper import Kept
from tests.faults.machine import ROOT, Machine

Fault = Callable[[Machine, random.Random], None]

PLACES = ("claimed", "finishing", "finished", "ended", "published", "decoding", "hearing", "put_off")
ALWAYS_AGAIN = ("promising", "promised", "rows_removed", "key_destroyed", "cancelled")
RENAME_EXCHANGE = 2

_mending: list[threading.Thread] = []


def kill_child(machine: Machine, chance: random.Random) -> None:
    for child in _worker(machine, chance).children()[:1]:
        with suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGKILL)


def kill_worker(machine: Machine, chance: random.Random) -> None:
    _worker(machine, chance).send(signal.SIGKILL)


def stop_worker(machine: Machine, chance: random.Random) -> None:
    _worker(machine, chance).send(signal.SIGTERM)


def freeze_child(machine: Machine, chance: random.Random) -> None:
    """Longer than a lease: somebody else takes over, and this one comes back."""
    for child in _worker(machine, chance).children()[:1]:
        _freeze(child.pid, chance.uniform(2, 8))


def freeze_worker(machine: Machine, chance: random.Random) -> None:
    _freeze(_worker(machine, chance).pid, chance.uniform(2, 8))


def flush_redis(machine: Machine, chance: random.Random) -> None:
    machine.flush_redis()


def restart_redis_empty(machine: Machine, chance: random.Random) -> None:
    """Away for up to four seconds, and without memory when it is back."""
    lose_redis(machine, chance.uniform(0, 4))


def lose_redis(machine: Machine, seconds: float) -> None:
    """Kill it and all that it holds; it is back after ``seconds``."""
    redis = machine.keeper["redis"]
    redis.wanted = False
    redis.send(signal.SIGKILL)
    _later(seconds, lambda: setattr(redis, "wanted", True))


def freeze_redis(machine: Machine, chance: random.Random) -> None:
    _freeze(machine.keeper["redis"].pid, chance.uniform(1, 4))


def restart_postgres(machine: Machine, chance: random.Random) -> None:
    """``pg_ctl -m immediate``: every connection breaks, what was not committed is gone."""
    machine.keeper["postgres"].send(signal.SIGQUIT)


def kill_dispatcher(machine: Machine, chance: random.Random) -> None:
    machine.keeper["dispatcher"].send(signal.SIGKILL)


def kill_web(machine: Machine, chance: random.Random) -> None:
    """The server, or the one of its processes that answers."""
    web = machine.keeper["web"]
    answering = [child.pid for child in web.children()[:1]]
    if chance.random() < 0.5:
        web.send(signal.SIGKILL)
    else:
        for pid in answering:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def cut_power(machine: Machine, chance: random.Random) -> None:
    """All processes at once."""
    for kept in machine.keeper:
        kept.send(signal.SIGCONT)
        kept.send_group(signal.SIGKILL)


def take_storage_away(machine: Machine, chance: random.Random) -> None:
    """The recordings cannot be reached for a moment."""

    def be_away() -> None:
        with storage_away(machine):
            threading.Event().wait(pause)

    pause = chance.uniform(0.5, 2.0)
    _begin(threading.Thread(target=be_away, daemon=True))


def ambush(machine: Machine, chance: random.Random) -> None:
    """Whoever comes next to some named place dies, or meets an error, there."""
    machine.orders.arm(chance.choice(PLACES), chance.choice(("kill", "kill", "kill worker", "raise")))


def ambush_web(machine: Machine, chance: random.Random) -> None:
    machine.orders.arm(chance.choice(ALWAYS_AGAIN), "kill")


def set_clock(machine: Machine, chance: random.Random) -> None:
    """Of one process, by up to two days, forwards or backwards; right again after some seconds."""
    process = chance.choice([*machine.workers, "dispatcher", "web"])
    off, pause = chance.uniform(-2, 2) * 24 * 3600, chance.uniform(2, 8)
    if machine.clocks is None:
        return
    set_off = machine.clocks.set_off
    set_off(process, off)
    _later(pause, lambda: set_off(process, 0))


def rotate_keys(machine: Machine, chance: random.Random) -> None:
    """Subjects' keys are rotated by an operator's process, which is killed wherever it is by then."""
    (practice, *_) = KeyStore(machine.keys).practices()
    command = [
        sys.executable,
        "-m",
        "tests.faults.rotator",
        str(machine.keys),
        f"subjects {practice}",
        "3",
        "",
    ]
    rotator = subprocess.Popen(
        command, cwd=ROOT, env=machine.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )

    def end() -> None:
        rotator.kill()
        rotator.wait()

    _later(chance.uniform(4, 12), end)


FAULTS: dict[str, tuple[Fault, int]] = {
    "child killed": (kill_child, 4),
    "worker killed": (kill_worker, 4),
    "worker stopped": (stop_worker, 2),
    "child frozen": (freeze_child, 2),
    "worker frozen": (freeze_worker, 1),
    "Redis flushed": (flush_redis, 3),
    "Redis restarted empty": (restart_redis_empty, 2),
    "Redis frozen": (freeze_redis, 2),
    "Postgres restarted": (restart_postgres, 2),
    "dispatcher killed": (kill_dispatcher, 2),
    "web killed": (kill_web, 2),
    "all processes killed": (cut_power, 1),
    "storage away": (take_storage_away, 2),
    "clock set": (set_clock, 2),
    "ambush in a worker": (ambush, 8),
    "ambush in the API": (ambush_web, 3),
    "keys rotated": (rotate_keys, 3),
}


@contextmanager
def storage_away(machine: Machine, *, empty: bool = False) -> Iterator[None]:
    """Something else where the recordings' folder was, exchanged in one move.

    A file, so that every access fails; or an empty folder, as where a disk is not mounted.
    """
    instead = machine.disk / "no recordings"
    if empty:
        instead.mkdir()
    else:
        instead.touch()
    _exchange(machine.recordings, instead)
    try:
        yield
    finally:
        _exchange(machine.recordings, instead)
        shutil.rmtree(instead) if empty else instead.unlink()


@contextmanager
def full_disk(machine: Machine, left_bytes: int) -> Iterator[None]:
    """The recordings' disk, which must be a small one, with so many bytes left."""
    filler = machine.disk / "filler"
    disk = os.statvfs(machine.disk)
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, disk.f_bavail * disk.f_frsize - left_bytes)
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def black_hole(port: int) -> Iterator[None]:
    """A port that takes no connection and refuses none, as behind a firewall that drops."""
    with ExitStack() as open_sockets:
        listening = open_sockets.enter_context(socket.socket())
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        listening.listen(0)
        for _ in range(4):  # fill the queue of those who wait to be taken
            waiting = open_sockets.enter_context(socket.socket())
            waiting.setblocking(False)
            with suppress(BlockingIOError):
                waiting.connect(("127.0.0.1", port))
        yield


def _exchange(one: Path, other: Path) -> None:
    done = ctypes.CDLL(None, use_errno=True).renameat2(
        -100, os.fsencode(one), -100, os.fsencode(other), RENAME_EXCHANGE
    )
    assert done == 0, os.strerror(ctypes.get_errno())


def _worker(machine: Machine, chance: random.Random) -> Kept:
    return machine.keeper[chance.choice(machine.workers)]


def _freeze(pid: int, seconds: float) -> None:
    if not pid:
        return
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
        _later(seconds, lambda: _thaw(pid))


def _thaw(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)


def _later(seconds: float, act: Callable[[], object]) -> None:
    timer = threading.Timer(seconds, act)
    timer.daemon = True
    _begin(timer)


def _begin(mending: threading.Thread) -> None:
    _mending.append(mending)
    mending.start()


def wait_until_mended() -> None:
    """Return when everything that was broken for a while is whole again: twelve seconds at most."""
    while _mending:
        _mending.pop().join()

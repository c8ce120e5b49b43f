"""How many decoder children one host has at once, counted over all processes of ours."""

import contextlib
import errno
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

_PREFIX = "sessionscribe-decoder"
_LEAST = 4
_POLL_SECONDS = 0.05
# Where the kernel says what a container may have; "max" without a limit.
_CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


def most_children(bytes_of_each: int) -> int:
    """As many children as a quarter of this host's (or container's) memory holds, and four at least."""
    memory = psutil.virtual_memory().total
    with contextlib.suppress(OSError, ValueError):
        memory = min(memory, int(_CGROUP_LIMIT.read_text("ascii")))
    return max(_LEAST, memory // 4 // bytes_of_each)


@contextlib.contextmanager
def slot(count: int, timeout: float) -> Iterator[bool]:
    """Hold one of the host's ``count`` slots; gives False if none is free within ``timeout`` seconds.

    A slot is a name in Linux' abstract socket namespace: the kernel gives it to one process, and frees it
    however that process ends. A network namespace, as a container has, counts its own. Elsewhere than on
    Linux there are no such names, and the bound of each process is the only one.
    """
    deadline = time.monotonic() + timeout
    with contextlib.ExitStack() as held:
        while os.uname().sysname == "Linux" and not any(_taken(number, held) for number in range(count)):
            if time.monotonic() >= deadline:
                yield False
                return
            time.sleep(_POLL_SECONDS)
        yield True


def _taken(number: int, held: contextlib.ExitStack) -> bool:
    """Whether slot ``number`` was free, and is ours until ``held`` is left."""
    name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        name.bind(f"\0{_PREFIX}-{os.geteuid()}-{number}")
    except OSError as error:
        name.close()
        if error.errno != errno.EADDRINUSE:
            raise
        return False
    held.callback(name.close)
    return True

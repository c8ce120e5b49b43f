"""What the decoder child gives up before it looks at the first hostile byte."""

import contextlib
import ctypes
import os
import resource
import signal
import sys
from dataclasses import dataclass

from shared.media.isolation import seccomp

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_NOBODY = 65_534


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the kernel lets the child use: address space and memory of its own in bytes, CPU in seconds."""

    memory_bytes: int
    data_bytes: int
    cpu_seconds: int


def load_libc() -> ctypes.CDLL:
    """The C library; opened before confinement, because afterwards no file can be."""
    return ctypes.CDLL(None, use_errno=True)


def confine(libc: ctypes.CDLL, keep_fd: int, allowance: Allowance, server_pid: int) -> bool:
    """Lock this process into computing and talking on ``keep_fd``; True if seccomp holds it.

    Where the kernel offers no seccomp the resource limits and the missing rights remain.
    """
    os.setsid()
    _close_all_but(keep_fd)
    _drop_root()
    _limit(allowance)
    if sys.platform != "linux":
        return False
    # After _drop_root, because a change of user clears the death signal.
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != server_pid:
        os._exit(1)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    return seccomp.install(libc)


def _close_all_but(keep_fd: int) -> None:
    """Standard streams stay: they are /dev/null."""
    os.closerange(3, keep_fd)
    os.closerange(keep_fd + 1, 1 << 20)


def _drop_root() -> None:
    if os.geteuid() != 0:
        return
    # A container that took away CAP_SETUID keeps us root without its powers.
    with contextlib.suppress(PermissionError):
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)


def _limit(allowance: Allowance) -> None:
    limits = {
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 0,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_AS: allowance.memory_bytes,
        resource.RLIMIT_DATA: allowance.data_bytes,
    }
    for name, value in limits.items():
        # macOS refuses some of these; those that it takes still count.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(name, (value, value))
    # The soft limit ends us with SIGXCPU, which says why; the hard one only with SIGKILL.
    resource.setrlimit(resource.RLIMIT_CPU, (allowance.cpu_seconds, allowance.cpu_seconds + 2))

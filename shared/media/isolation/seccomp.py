"""A seccomp filter for the decoder child: what pure computation needs, and nothing else.

A list of what is allowed outlives kernels that add calls. Everything else fails with EPERM
(so FFmpeg and Python see an ordinary error), and a call by another architecture's table kills.
Numbers: Linux arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
"""

import ctypes
import errno
import platform
import struct
import sys

_PR_SET_SECCOMP = 22
_MODE_FILTER = 2

_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_KILL, _ALLOW, _REFUSE = 0x80000000, 0x7FFF0000, 0x00050000 | errno.EPERM
_OFFSET_NUMBER, _OFFSET_ARCHITECTURE, _OFFSET_THIRD_ARGUMENT = 0, 4, 32
_PROT_EXEC = 4
_X32_BIT = 0x40000000

_ALLOWED = {
    # read write close fstat lseek munmap brk rt_sigaction rt_sigprocmask rt_sigreturn readv writev
    # sched_yield mremap madvise nanosleep getpid exit gettimeofday getrusage times sigaltstack
    # gettid futex sched_getaffinity restart_syscall clock_gettime clock_getres clock_nanosleep
    # exit_group getrandom rseq
    "x86_64": (
        *(0, 1, 3, 5, 8, 11, 12, 13, 14, 15, 19, 20, 24, 25, 28, 35, 39, 60, 96, 98, 100, 131),
        *(186, 202, 204, 219, 228, 229, 230, 231, 318, 334),
    ),
    "aarch64": (
        *(63, 64, 57, 80, 62, 215, 214, 134, 135, 139, 65, 66, 124, 216, 233, 101, 172, 93, 169, 165),
        *(153, 132, 178, 98, 123, 128, 113, 114, 115, 94, 278, 293),
    ),
}
_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# mmap and mprotect, allowed only for memory that cannot be executed.
_MAPPING = {"x86_64": (9, 10), "aarch64": (222, 226)}


class _Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


def program(machine: str) -> bytes:
    """The filter for ``machine`` as BPF instructions; KeyError for one we have no table for."""
    steps = [
        _step(_LOAD, _OFFSET_ARCHITECTURE),
        _step(_JUMP_EQUAL, _ARCHITECTURE[machine], if_true=1),
        _step(_RETURN, _KILL),
        _step(_LOAD, _OFFSET_NUMBER),
    ]
    if machine == "x86_64":
        steps += [_step(_JUMP_AT_LEAST, _X32_BIT, if_false=1), _step(_RETURN, _KILL)]
    for number in _ALLOWED[machine]:
        steps += [_step(_JUMP_EQUAL, number, if_false=1), _step(_RETURN, _ALLOW)]
    first, second = _MAPPING[machine]
    steps += [
        _step(_JUMP_EQUAL, first, if_true=2),
        _step(_JUMP_EQUAL, second, if_true=1),
        _step(_RETURN, _REFUSE),
        _step(_LOAD, _OFFSET_THIRD_ARGUMENT),
        _step(_JUMP_ANY_BIT, _PROT_EXEC, if_false=1),
        _step(_RETURN, _REFUSE),
        _step(_RETURN, _ALLOW),
    ]
    return b"".join(steps)


def install(libc: ctypes.CDLL) -> bool:
    """Confine this thread for good; False where the kernel or the machine cannot.

    PR_SET_NO_NEW_PRIVS must be set before, or the kernel wants privileges for this.
    """
    machine = platform.machine()
    if sys.platform != "linux" or machine not in _ALLOWED or sys.maxsize < 2**32:
        return False
    steps = program(machine)
    filter_program = _Program(len(steps) // 8, steps)
    return bool(libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(filter_program), 0, 0) == 0)

"""Run a program that ends with its parent: ``python -I -S launch.py PARENT SIGNAL PROGRAM …``.

A program of its own, because code between fork and exec (``preexec_fn``) is unsafe as soon
as the parent has a second thread. Started by its path, it imports nothing of ours.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1


def launched(argv: Sequence[str], death_signal: int = signal.SIGTERM) -> list[str]:
    """The command that runs ``argv`` and sends it ``death_signal`` when this process dies.

    The kernel watches the thread that starts the command, so start it from one that lives as
    long as the process. Where there is no such kernel (macOS) the program simply runs.
    """
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), str(int(death_signal)), *argv]


def main() -> None:
    """Tie this process to its parent, then become the program."""
    parent, death_signal, *program = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != int(parent):  # it died before the line above
            sys.exit(1)
    # Python ignores these, and what is ignored stays so across exec.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    try:
        os.execvp(program[0], program)  # noqa: S606 - running a given command is what this is for
    except OSError as error:
        sys.exit(f"cannot run {program[0]}: {error.strerror}")


if __name__ == "__main__":
    main()

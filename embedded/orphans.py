"""Processes whose parent died: adopted, ended, and none forgotten at the end."""

import ctypes
import os
import sys
from collections.abc import Collection

import psutil

PR_SET_CHILD_SUBREAPER = 36
END_SECONDS = 5.0


def adopt_orphans() -> None:
    """Become the parent of every descendant that loses its own (Linux; elsewhere they are lost)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


class OrphanWatch:
    """Ends adopted processes that are still there at the second look."""

    def __init__(self) -> None:
        self._seen: set[psutil.Process] = set()

    def look(self, known: Collection[int]) -> None:
        """Kill the children that are neither in ``known`` nor new since the last look."""
        orphans = {child for child in psutil.Process().children() if child.pid not in known}
        for orphan in orphans & self._seen:
            _end(orphan)
        for orphan in orphans:
            _collect(orphan.pid)
        self._seen = orphans


def end_descendants() -> None:
    """Kill everything that descends from this process, and wait until it is gone."""
    own = psutil.Process()
    while descendants := own.children(recursive=True):
        for process in descendants:
            _end(process)
        # Killing a parent hands its children to us: hence the loop.
        gone, alive = psutil.wait_procs(descendants, END_SECONDS)
        if alive and not gone:
            return  # in the kernel's hands (a dead disk); waiting longer does not help


def _end(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return


def _collect(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return

"""Processes of an embedded server that outlived their starter and still hold its data."""

from collections.abc import Sequence
from pathlib import Path

import psutil

AFTER_KILL_SECONDS = 5.0


def processes_in(folder: Path, name: str) -> list[psutil.Process]:
    """The processes called ``name`` that have ``folder``, a server's own, as working directory."""
    found = []
    for process in psutil.process_iter(["name"]):
        try:
            if process.info["name"] == name and Path(process.cwd()) == folder:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def end(processes: Sequence[psutil.Process], grace_seconds: float) -> None:
    """Wait for the end of processes that were told or are about to go, then kill who is left."""
    remaining = psutil.wait_procs(processes, grace_seconds)[1]
    for process in remaining:
        process.kill()
    psutil.wait_procs(remaining, AFTER_KILL_SECONDS)

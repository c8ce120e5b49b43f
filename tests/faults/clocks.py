"""Clocks that a test can set, one for each process of a machine: libfaketime, told by a file how far off.

Only the time of day jumps, as when somebody, or a time server, sets the clock; what counts seconds
since the start (``time.monotonic``) goes on evenly, as it does then.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import psutil

_IN_ITS_WHEEL = ("vendor", "libfaketime", "src", "libfaketime.so.1")


class Clocks:
    """The clocks of one machine; a file for each of its processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def environment_of(self, process: str) -> dict[str, str]:
        """What a process is started with to have a clock of its own; right, until it is set."""
        return {
            "LD_PRELOAD": str(library()),
            "FAKETIME_TIMESTAMP_FILE": str(self._file(process)),
            "FAKETIME_CACHE_DURATION": "1",  # seconds after which it looks into the file again
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def wound_for(self, server: str, command: Sequence[str]) -> list[str]:
        """The database server's command with its clock, if it has one.

        Innermost: what libfaketime shares belongs to the user who loads it first, and root runs
        Postgres as another.
        """
        if server != "postgres":
            return list(command)
        program = command.index("-D") - 1
        words = [f"{name}={value}" for name, value in self.environment_of(server).items()]
        return [*command[:program], "env", *words, *command[program:]]

    def set_off(self, process: str, seconds: float) -> None:
        """Have the process' clock be so far ahead (or behind), within a second."""
        new = self._file(process).with_suffix(".new")
        new.write_text(f"{seconds:+.0f}\n")
        new.rename(self._file(process))

    @staticmethod
    def clear_up() -> None:
        """Remove what killed processes have left of libfaketime's shared memory."""
        for left in Path("/dev/shm").glob("*faketime_s*"):  # noqa: S108 - where Linux has it
            if not psutil.pid_exists(int(left.name.rpartition("_")[2])):
                left.unlink(missing_ok=True)

    def _file(self, process: str) -> Path:
        self._folder.mkdir(exist_ok=True)
        file = self._folder / process
        if not file.exists():
            file.write_text("+0\n")
        return file


def library() -> Path | None:
    """What is loaded before the C library; None where its wheel is not for the machine."""
    found = find_spec("libfaketime")
    if found is None or not found.submodule_search_locations:
        return None
    return Path(found.submodule_search_locations[0], *_IN_ITS_WHEEL)

"""Turns SIGTERM, SIGINT and the end of a child into something a loop can wait for."""

import os
import select
import signal
from types import FrameType, TracebackType
from typing import Any, Self

WATCHED = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)


class SignalWatch:
    """Counts requests to stop while it is entered; use it in the main thread.

    Handlers that only count can interrupt nothing half-way, so a signal between the start of
    a process and the note of its number loses neither.
    """

    def __init__(self) -> None:
        self.stop_requests = 0
        self._before: dict[signal.Signals, Any] = {}  # Any: what signal.signal returns and takes
        self._wakeup_before = -1

    def __enter__(self) -> Self:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)
        self._wakeup_before = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        for number in WATCHED:
            self._before[number] = signal.signal(number, self._count)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup_before)
        os.close(self._reader)
        os.close(self._writer)

    def wait(self, seconds: float) -> None:
        """Return at the next signal (also one that came since the last call) or after ``seconds``."""
        if select.select([self._reader], [], [], seconds)[0]:
            os.read(self._reader, 4096)

    def _count(self, number: int, frame: FrameType | None) -> None:
        if number != signal.SIGCHLD:
            self.stop_requests += 1

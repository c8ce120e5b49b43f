"""Ctrl-C and its relatives as one exception, never in the middle of what must not be cut in two."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Self

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """While entered, each of the signals raises KeyboardInterrupt in the main thread."""

    def __init__(self) -> None:
        self.count = 0
        self._holding = False
        self._before: dict[signal.Signals, Any] = {}  # Any: what signal.signal gives and takes

    def __enter__(self) -> Self:
        for number in SIGNALS:
            self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let the block end before a signal that comes meanwhile is raised."""
        before, self._holding = self.count, True
        try:
            yield
        finally:
            self._holding = False
        if self.count > before:
            raise KeyboardInterrupt

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        if not self._holding:
            raise KeyboardInterrupt

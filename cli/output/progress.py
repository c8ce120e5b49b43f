"""Shows how far a piece of work is: bars on a terminal, now and then a line elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from cli.output.console import is_live
from cli.sanitise import one_line

LINE_EVERY_SECONDS = 10.0
NAME_WIDTH = 24


class Display(Protocol):
    """Named pieces of work, one after the other or side by side."""

    def begin(self, name: str, total_bytes: int | None = None) -> None:
        """A piece of work begins; measured in bytes if ``total_bytes`` is given, else 0 to 1."""

    def reach(self, name: str, done: float, seconds_left: float | None = None) -> None:
        """So much of it is done: bytes, or a fraction; the rest may take ``seconds_left``."""

    def finish(self, name: str, how: str = "done") -> None:
        """It has ended; ``how`` is a word for it."""

    def say(self, text: str) -> None:
        """A notice that stays."""

    def waiting(self, text: str) -> None:
        """What is being waited for now; empty for nothing."""

    def rest(self) -> None:
        """Leave the screen to others."""


@contextmanager
def display(console: Console) -> Iterator[Display]:
    """The display that fits ``console``, for the length of the block."""
    if is_live(console):
        with Bars(console) as bars:
            yield bars
    else:
        yield Lines(console)


def left_in_words(seconds: float | None) -> str:
    """``, about 4 min left``; nothing where it is not known."""
    if seconds is None:
        return ""
    if seconds < 90:
        return f", about {max(5, 5 * round(seconds / 5))} s left"
    minutes = round(seconds / 60)
    amount = f"{minutes} min" if minutes < 90 else f"{minutes / 60:.1f} h"
    return f", about {amount} left"


class _Amount(ProgressColumn):
    """Percent, or bytes of bytes."""

    def render(self, task: Task) -> Text:
        if task.fields["how"]:
            return Text(task.fields["how"])
        if task.fields["bytes"] and task.total:
            return Text(f"{decimal(int(task.completed))} of {decimal(int(task.total))}")
        return Text(f"{task.percentage:.0f} %{left_in_words(task.fields['left'])}")


class Bars:
    """Bars that are redrawn, and a spinner for what is being waited for."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._tasks: dict[str, int] = {}
        self._progress = Progress(
            SpinnerColumn(finished_text="✓"),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=32),
            _Amount(),
            TimeElapsedColumn(),
            console=console,
        )
        self._status = console.status(Text(""))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.rest()

    def rest(self) -> None:
        self._status.stop()
        self._progress.stop()

    def begin(self, name: str, total_bytes: int | None = None) -> None:
        self._status.stop()
        self._progress.start()
        if name in self._tasks:
            return
        total = 1 if total_bytes is None else max(total_bytes, 1)
        self._tasks[name] = self._progress.add_task(
            name.ljust(NAME_WIDTH), total=total, bytes=total_bytes is not None, how="", left=None
        )

    def reach(self, name: str, done: float, seconds_left: float | None = None) -> None:
        task = self._progress.tasks[self._tasks[name]]
        self._progress.update(task.id, completed=done, left=seconds_left)

    def finish(self, name: str, how: str = "done") -> None:
        task = self._progress.tasks[self._tasks[name]]
        self._progress.update(task.id, completed=task.total if how == "done" else task.completed, how=how)
        self._progress.stop_task(task.id)

    def say(self, text: str) -> None:
        self._console.print(Text(text))

    def waiting(self, text: str) -> None:
        if not text:
            self._status.stop()
        elif not self._tasks:  # one live area at a time; the bars speak for themselves
            self._status.update(Text(text))
            self._status.start()


class Lines:
    """A line where something begins or ends, and between at most one in ten seconds."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._begun: dict[str, tuple[float, int | None]] = {}
        self._last_line_at = 0.0
        self._last_waiting = ""
        self._last_reached = ""

    def begin(self, name: str, total_bytes: int | None = None) -> None:
        if name in self._begun:
            return
        self._begun[name] = (time.monotonic(), total_bytes)
        size = "" if total_bytes is None else f" ({decimal(total_bytes)})"
        self._line(f"{name}{size} …")

    def reach(self, name: str, done: float, seconds_left: float | None = None) -> None:
        if time.monotonic() - self._last_line_at < LINE_EVERY_SECONDS:
            return
        total = self._begun[name][1]
        fraction = done if total is None else done / max(total, 1)
        text = f"{name}: {min(fraction, 1.0):.0%}{left_in_words(seconds_left)}"
        if text != self._last_reached:
            self._line(text)
        self._last_reached = text

    def finish(self, name: str, how: str = "done") -> None:
        self._line(f"{name}: {how} after {time.monotonic() - self._begun[name][0]:.1f} s")

    def say(self, text: str) -> None:
        self._line(text)

    def waiting(self, text: str) -> None:
        if text and text != self._last_waiting:
            self._line(text)
        self._last_waiting = text

    def rest(self) -> None:
        return

    def _line(self, text: str) -> None:
        self._last_line_at = time.monotonic()
        self._console.print(Text("\n".join(one_line(line) for line in text.splitlines())))

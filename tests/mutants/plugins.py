"""What a run for mutants adds to pytest: servers that run already, fewer tests, notes of what they reach."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Collection, Generator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

ALL = ""  # in place of a test: what is called for several of them
_OF_A_FUNCTION = 1  # CO_OPTIMIZED: the code of a function, not of a module or a class


@dataclass(frozen=True)
class Reach:
    """Which tests reach which lines: by test, the first and the last line of each function that it calls."""

    spans: dict[str, list[tuple[int, int]]]

    @property
    def tests(self) -> list[str]:
        """All of them."""
        return [test for test in self.spans if test != ALL]

    def tests_at(self, line: int) -> list[str]:
        """The tests that call the function around the line; all tests where that cannot be said."""
        found = [
            test for test, spans in self.spans.items() if any(first <= line <= last for first, last in spans)
        ]
        return found if found and ALL not in found else self.tests


class Servers:
    """The session's servers are those that run already."""

    def __init__(self, servers: dict[str, object]) -> None:
        self._servers = servers

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> object | None:
        """Give the server in place of starting one."""
        if fixturedef.scope != "session" or fixturedef.argname not in self._servers:
            return None
        server = self._servers[fixturedef.argname]
        fixturedef.cached_result = (server, fixturedef.cache_key(request), None)
        return server


class Only:
    """Of the known tests none but these; one that a fault gave another name is not known."""

    def __init__(self, ids: Collection[str], known: Collection[str]) -> None:
        self._left_out = set(known) - set(ids)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out the others."""
        items[:] = [item for item in items if item.nodeid not in self._left_out]


class Watch:
    """Notes which test calls which function of a module, and which libraries the tests import."""

    def __init__(self, module: Path, notes: Path) -> None:
        self._module, self._notes = str(module), notes
        self._test = ALL
        self._ids: list[str] = []
        self._seen: set[tuple[str, CodeType]] = set()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Begin to watch: what a module does while it is imported is there for all tests."""
        self._ids = [item.nodeid for item in items]
        sys.settrace(self._trace)
        threading.settrace(self._trace)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """What is called now is called by this test."""
        self._test = item.nodeid
        try:
            return (yield)
        finally:
            self._test = ALL

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Generator[None, Any, Any]:
        """What makes a fixture of several tests is called for all of them."""
        test, self._test = self._test, self._test if fixturedef.scope == "function" else ALL
        try:
            return (yield)
        finally:
            self._test = test

    def pytest_sessionfinish(self) -> None:
        """Write down what was seen."""
        sys.settrace(None)
        threading.settrace(None)  # type: ignore[arg-type]  # None ends it, which typeshed does not know
        spans: dict[str, list[tuple[int, int]]] = {test: [] for test in self._ids}
        for test, code in self._seen:
            lines = [line for _, _, line in code.co_lines() if line is not None]
            spans.setdefault(test, []).append((code.co_firstlineno, max(lines)))
        self._notes.write_text(json.dumps({"spans": spans, "libraries": list(sys.modules)}))

    def _trace(self, frame: FrameType, event: str, argument: object) -> None:
        code = frame.f_code
        if code.co_filename == self._module and code.co_flags & _OF_A_FUNCTION:
            self._seen.add((self._test, code))

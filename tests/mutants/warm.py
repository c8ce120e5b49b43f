"""Run tests many times from one warm process: libraries are imported once, Postgres and Redis started once.

Each run is a fork that imports the service's own modules anew from the copy, and is gone when its tests end.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from embedded.postgres import EmbeddedPostgres
from tests.mutants.plugins import Only, Reach, Servers, Watch
from tests.stack import running_postgres, running_redis

ROOT = Path(__file__).parents[2]
OURS = {path.stem for path in ROOT.iterdir() if path.is_dir() or path.suffix == ".py"}
OPTIONS = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--assert=plain", "--hypothesis-seed=0"]


@dataclass(frozen=True)
class Run:
    """How tests ended: their exit status, none where time ran out; wall and CPU time that they took."""

    status: int | None
    seconds: float
    cpu_seconds: float

    @property
    def is_red(self) -> bool:
        """Whether a test failed, or none could: the run broke off, or did not end."""
        return self.status not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)


class Warm:
    """A process that forks for each run of tests in ``folder``, a copy of the tree."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder, self._stack = folder, stack
        self._servers: dict[str, object] = {}

    def first_run(self, path: str, tests: list[str]) -> tuple[Run, Reach]:
        """Run the tests on the unbroken tree, and note which of them reach which function of the module."""
        if needs_servers(tests):
            self._start_servers()
        log, notes = self._folder / "first-run.log", self._folder / "reach.json"
        run = self._fork(lambda: self._pytest(tests, Watch(self._folder / path, notes), log), 900)
        if run.status != 0:
            print(log.read_text())
            raise SystemExit(f"the tests are red without any fault: {' '.join(tests)}")
        noted = json.loads(notes.read_text())
        _load(noted["libraries"])
        return run, Reach(noted["spans"])

    def run(self, ids: list[str], known: list[str], seconds: float) -> Run:
        """Run these of the ``known`` tests until the first fails."""
        files = list(dict.fromkeys(one.partition("::")[0] for one in ids))
        return self._fork(lambda: self._pytest(files, Only(ids, known), Path(os.devnull)), seconds)

    @property
    def postgres(self) -> EmbeddedPostgres:
        """The migrated one that runs."""
        postgres = self._servers["postgres"]
        assert isinstance(postgres, EmbeddedPostgres)
        return postgres

    def _start_servers(self) -> None:
        if self._servers:
            return
        postgres = self._stack.enter_context(running_postgres())
        redis = self._stack.enter_context(running_redis())
        self._servers = {"postgres": postgres, "redis_server": redis}
        if self._fork(lambda: _migrate(postgres), 300).status != 0:
            raise SystemExit("the migrations failed")

    def _fork(self, work: Callable[[], int], seconds: float) -> Run:
        began = time.monotonic()
        sys.stdout.flush()
        child = os.fork()
        if not child:
            status = 70
            try:
                os.setsid()
                self._become_the_copy()
                status = work()
            finally:
                os._exit(status)
        handle = os.pidfd_open(child)
        ended = bool(select.select([handle], [], [], seconds)[0])
        os.close(handle)
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # also what it started and left
        _, status, used = os.wait4(child, 0)
        cpu_seconds = used.ru_utime + used.ru_stime
        return Run(
            os.waitstatus_to_exitcode(status) if ended else None, time.monotonic() - began, cpu_seconds
        )

    def _become_the_copy(self) -> None:
        """Forget the tree that this process began in."""
        os.chdir(self._folder)
        os.environ["PYTHONPATH"] = str(self._folder)
        sys.path[:] = [str(self._folder), *(path for path in sys.path if path not in ("", str(ROOT)))]
        for name in [name for name in sys.modules if name.partition(".")[0] in OURS]:
            del sys.modules[name]

    def _pytest(self, files: list[str], plugin: object, log: Path) -> int:
        """Run pytest in this process, which has nothing else to do."""
        sink = os.open(log, os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(sink, 1)
        os.dup2(sink, 2)
        if isinstance(plugin, Only):  # a broken module must leave no bytecode
            sys.dont_write_bytecode = True
            os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        temporary = f"--basetemp={self._folder / 'temporary'}"
        return int(pytest.main([*files, *OPTIONS, temporary], plugins=[plugin, Servers(self._servers)]))


def needs_servers(tests: list[str]) -> bool:
    """Whether one of these files needs Postgres or Redis."""
    return any(test.startswith("tests/integration") for test in tests)


def _migrate(postgres: EmbeddedPostgres) -> int:
    import migrations
    from tests.database import make_inspector

    postgres.create_database()
    migrations.upgrade(postgres.owner_url)
    make_inspector(postgres)
    return 0


def _load(libraries: list[str]) -> None:
    """Import what the first run imported, so that no other has to."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in libraries:
            if name.partition(".")[0] not in OURS:
                with suppress(Exception):  # then each run imports it
                    importlib.import_module(name)
    assert threading.active_count() == 1, "a library has started a thread, which a fork would lack"
    gc.collect()
    gc.freeze()

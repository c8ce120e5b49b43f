"""The interface of an embedded database server for its owner."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

POLL_SECONDS = 0.05


class EmbeddedServerError(Exception):
    """An embedded server cannot be set up or did not start; the text says what to do."""


class Server(Protocol):
    """A database server from a wheel, with its data in a folder of ours."""

    @property
    def name(self) -> str:
        """What it is called in logs and messages."""

    @property
    def stop_signal(self) -> int:
        """What ends it in good order."""

    @property
    def grace_seconds(self) -> float:
        """How long that may take."""

    def prepare(self) -> None:
        """Make folder, secrets and port ready; may take some seconds the first time.

        Raises EmbeddedServerError.
        """

    def command(self) -> list[str]:
        """What to run, in the foreground; holds no secret."""

    def is_ready(self) -> bool:
        """Whether it answers, and to our password."""

    @property
    def url(self) -> str:
        """Where clients find it, with the password in it."""


def wait_until_ready(is_ready: Callable[[], bool], timeout: float, name: str) -> None:
    """Return when ``is_ready`` says so; raises EmbeddedServerError after ``timeout`` seconds."""
    deadline = time.monotonic() + timeout
    while not is_ready():
        if time.monotonic() > deadline:
            raise EmbeddedServerError(f"{name} did not answer within {timeout:g} s; see its log")
        time.sleep(POLL_SECONDS)


def bare_environment() -> dict[str, str]:
    """The environment of a database server: none of our secrets, no ``PG…`` that changes it."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def beside_package(package_file: str | None, *parts: str) -> Path | None:
    """The file ``parts`` in the folder of a package's ``__init__.py``, if it is there."""
    if package_file is None:
        return None
    path = Path(package_file).parent.joinpath(*parts)
    return path if path.exists() else None

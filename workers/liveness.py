"""The signs of life of a worker's parent process, given while its loop turns."""

import os
from pathlib import Path
from typing import Any

from celery import bootsteps
from redis import Redis
from redis.exceptions import RedisError

from shared.db.queries.work import heartbeats
from shared.services.operations.liveness import Pulse, SignsOfLife
from shared.settings import Settings, load

# Where the process that started this one looks for its signs (see embedded/process.py).
FILE_VARIABLE = "SESSIONSCRIBE_SIGN_FILE"


def sign_file() -> Path | None:
    """The file to be touched, if the environment names one."""
    named = os.environ.get(FILE_VARIABLE)
    return Path(named) if named else None


class SignsOfAWorker(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery is untyped
    """Gives signs of life for as long as the worker runs."""

    requires = ("celery.worker.components:Timer",)

    def __init__(self, parent: Any, **_: Any) -> None:
        settings = load(os.environ)
        self._settings = settings
        self._pulse = Pulse()
        self._signs = SignsOfLife(
            settings.database_url, parent.hostname, heartbeats.WORKER, self._goes_on, sign_file()
        )

    def start(self, parent: Any) -> None:
        parent.timer.call_repeatedly(heartbeats.EVERY_SECONDS / 2, self._pulse.beat)
        self._signs.begin()

    def stop(self, parent: Any) -> None:
        self._signs.end()

    def _goes_on(self) -> bool:
        """Whether the loop turns. While Redis is away it may not: it waits for Redis."""
        if not self._pulse.is_felt() and not _answers(self._settings):
            self._pulse.beat()
        return self._pulse.is_felt()


def _answers(settings: Settings) -> bool:
    try:
        with Redis.from_url(settings.redis_url, socket_connect_timeout=1, socket_timeout=2) as redis:
            return bool(redis.ping())
    except (RedisError, OSError):
        return False

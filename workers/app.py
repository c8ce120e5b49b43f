"""The Celery application of the workers: ``celery -A workers.app``."""

import os
from typing import Any

from celery import bootsteps
from celery.signals import setup_logging, worker_init
from celery.worker import state
from redis import Redis
from redis.exceptions import RedisError

from shared import logs
from shared.db.connection.engine import Database
from shared.db.queries.work import heartbeats
from shared.queue import make_app
from shared.services.operations import startup
from shared.services.operations.liveness import Pulse, SignsOfLife
from shared.settings import load
from workers import kombu_ack_fix
from workers.liveness import sign_file

kombu_ack_fix.install()
settings = load(os.environ)
app = make_app(settings.redis_url)
app.set_default()
app.conf.imports = ("workers.tasks",)


class SignsOfAWorker(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery is untyped
    """Signs of life of the parent process, given while its loop turns."""

    requires = ("celery.worker.components:Timer",)

    def __init__(self, parent: Any, **_: Any) -> None:
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
        if not self._pulse.is_felt() and not _redis_answers():
            self._pulse.beat()
        return self._pulse.is_felt()


app.steps["worker"].add(SignsOfAWorker)


def _redis_answers() -> bool:
    try:
        with Redis.from_url(settings.redis_url, socket_connect_timeout=1, socket_timeout=2) as redis:
            return bool(redis.ping())
    except (RedisError, OSError):
        return False


@setup_logging.connect(weak=False)
def _configure_logs(**_: object) -> None:
    """Replace Celery's own logging, which prints arguments, results and error texts."""
    logs.configure("worker", settings.log_level)


@worker_init.connect(weak=False)
def _wait_for_what_tasks_need(**_: object) -> None:
    """Take no message before it can be worked on: on a cold machine workers may come first."""
    _configure_logs()  # Celery asks for it only after this
    database = Database(settings.database_url, pool_size=1)

    def is_over() -> bool:
        return bool(state.should_stop or state.should_terminate)

    startup.wait_for(lambda: startup.database_ready(database), is_over)
    startup.wait_for(
        lambda: startup.keys_ready(settings.keys_dir, database, settings.root_key_command), is_over
    )
    database.close()  # nothing is handed down to the children
    startup.prepare_to_fork()

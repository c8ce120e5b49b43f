"""The Celery application of the workers: ``celery -A workers.app``."""

import os

from celery.signals import setup_logging, worker_init
from celery.worker import state

from shared import logs
from shared.db.connection.engine import Database
from shared.queue import make_app
from shared.services.operations import startup
from shared.settings import load
from workers import kombu_ack_fix
from workers.liveness import SignsOfAWorker

kombu_ack_fix.install()
settings = load(os.environ)
app = make_app(settings.redis_url)
app.set_default()
app.conf.imports = ("workers.tasks",)
app.steps["worker"].add(SignsOfAWorker)


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

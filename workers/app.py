"""The Celery application of the workers and of Flower: ``celery -A workers.app``."""

import os

from celery.signals import setup_logging

from shared import logs
from shared.queue import make_app
from shared.settings import load

settings = load(os.environ)
app = make_app(settings.redis_url)
app.set_default()
app.conf.imports = ("workers.tasks",)


@setup_logging.connect(weak=False)
def _configure_logs(**_: object) -> None:
    """Replace Celery's own logging, which prints arguments, results and error texts."""
    logs.configure("worker", settings.log_level)

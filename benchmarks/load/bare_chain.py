"""What Celery does by itself: a chain of three tasks that do nothing, with the product's own settings.

The last one tells that the chain is at its end, because nothing else would.
"""

import os
from functools import cache

from celery import shared_task
from kombu import Queue
from redis import Redis

from shared.queue import make_app

QUEUE, DONE = "bare", "bare:done"

app = make_app(os.environ["REDIS_URL"])
app.set_default()
app.conf.task_queues = [*app.conf.task_queues, Queue(QUEUE, exchange="", routing_key=QUEUE)]


@cache
def _redis() -> Redis:
    return Redis.from_url(os.environ["REDIS_URL"])


@shared_task(name="bare.first")
def first(number: str) -> None:
    """Nothing."""


@shared_task(name="bare.second")
def second(number: str) -> None:
    """Nothing."""


@shared_task(name="bare.third")
def third(number: str) -> None:
    """Tell that the chain is done."""
    _redis().rpush(DONE, number)

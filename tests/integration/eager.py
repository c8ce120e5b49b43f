"""The real tasks, run in this process as their messages are sent: Celery's eager mode."""

from collections.abc import Iterator
from contextlib import contextmanager

from shared.queue import WorkQueue, make_app
from shared.services.jobs.worker_context import Workbench
from shared.settings import Settings
from workers import dependencies as bench
from workers import tasks

__all__ = ["eager_queue", "tasks", "working_at"]


def eager_queue(settings: Settings) -> WorkQueue:
    """A queue whose messages are worked off, one inside the other, before they count as sent."""
    app = make_app(settings.redis_url)
    # An error must end the test's chain as it ends a worker's, not the call that sent the message.
    app.conf.update(task_always_eager=True, task_eager_propagates=False)
    return WorkQueue(app)


@contextmanager
def working_at(workbench: Workbench) -> Iterator[Workbench]:
    """The tasks of this process work here meanwhile."""
    with bench.use(workbench):
        yield workbench

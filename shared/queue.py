"""Messages to workers: they carry a session's id and nothing else."""

from collections.abc import Iterable
from uuid import UUID

import structlog
from celery import Celery, chain
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from shared.domain import failpoints
from shared.pipeline import CHAIN, TRANSCRIBE_CHUNK, URGENT_QUEUE, Step

log = structlog.get_logger(__name__)

# More than the longest recording has chunks; bounds what one mistake can put into the queue.
MAX_CHUNK_MESSAGES = 2000


def make_app(redis_url: str, *, socket_timeout: float = 5.0) -> Celery:
    """A Celery application on this broker; connects to nothing yet."""
    app = Celery("sessionscribe", broker=redis_url, set_as_current=False)
    app.config_from_object("celeryconfig")
    app.conf.broker_transport_options = {
        **app.conf.broker_transport_options,
        "socket_timeout": socket_timeout,
    }
    return app


class WorkQueue:
    """Publishes hints to go on. Nothing depends on one arriving: the dispatcher sends it again."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def publish(self, session_id: UUID, first: Step = CHAIN[0], *, urgent: bool = False) -> bool:
        """Send the chain of the session's steps from ``first`` on; False if the broker is away.

        ``urgent``: past what others wait for, because a person is waiting for this.
        """
        remaining = [
            self._signature(step, session_id, URGENT_QUEUE if urgent else step.queue)
            for step in CHAIN[CHAIN.index(first) :]
        ]
        return self._send(session_id, [chain(remaining)])

    def publish_step(self, session_id: UUID, step: Step) -> bool:
        """Send a message for one step that is not of the chain; False if the broker is away."""
        return self._send(session_id, [self._signature(step, session_id, step.queue)])

    def publish_chunks(self, session_id: UUID, count: int) -> bool:
        """Send one message for each of ``count`` chunks (within bounds); False if the broker is away."""
        wanted = min(count, MAX_CHUNK_MESSAGES)
        message = self._signature(TRANSCRIBE_CHUNK, session_id, TRANSCRIBE_CHUNK.queue)
        return self._send(session_id, [message] * wanted)

    def _signature(self, step: Step, session_id: UUID, queue: str):  # type: ignore[no-untyped-def]  # Celery is untyped
        return self._app.signature(step.task, args=(str(session_id),), immutable=True, queue=queue)

    def _send(self, session_id: UUID, messages: Iterable) -> bool:  # type: ignore[type-arg]  # Celery is untyped
        try:
            with self._app.connection_for_write() as connection:
                for message in messages:
                    message.apply_async(connection=connection)
        except (KombuError, RedisError, OSError, RuntimeError) as error:
            log.warning("publish_failed", session_id=session_id, error=type(error).__name__)
            return False
        failpoints.reach("published", session_id)
        return True

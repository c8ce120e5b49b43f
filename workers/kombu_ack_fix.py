"""A worker goes on taking messages though Redis did not answer when it acknowledged one.

Kombu 5.7.0 counts a message as in work until Redis has confirmed its end. If the answer does not come in
time and the connection stays (a frozen Redis, a cut network that returns), Celery logs "Couldn't ack" and
goes on, and the count is never mended: with one message at a time the worker then takes none for ever,
while it answers pings and gives signs of life. The message itself comes again after the visibility
timeout, and finds nothing to do.
"""

from kombu.transport import redis, virtual


class MendedQoS(redis.QoS):
    """Forgets a message whose end Redis did not confirm, as far as this worker's own count is concerned."""

    def ack(self, delivery_tag: str) -> None:
        try:
            super().ack(delivery_tag)  # type: ignore[no-untyped-call]
        except Exception:
            virtual.QoS.ack(self, delivery_tag)  # type: ignore[no-untyped-call]
            raise

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        try:
            super().reject(delivery_tag, requeue)  # type: ignore[no-untyped-call]
        except Exception:
            virtual.QoS.ack(self, delivery_tag)  # type: ignore[no-untyped-call]
            raise


def install() -> None:
    """Have every channel to Redis of this process count so."""
    redis.Channel.QoS = MendedQoS

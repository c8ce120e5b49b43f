"""Connections that were answered and are about to be closed, in the event loop."""

import contextlib
import selectors
import socket
import time
from collections.abc import Callable
from functools import partial

from gunicorn import util

# What a client may still send before it has read the answer; cut off earlier, the kernel would take
# the answer back (RFC 9112, 9.6).
_SECONDS = 2.0
_BYTES = 4 * 1024 * 1024
_READ_BYTES = 64 * 1024


class Lingering:
    """Throws away what still comes; ``on_closed`` is called for each connection in the end."""

    seconds = _SECONDS

    def __init__(self, poller: selectors.BaseSelector, on_closed: Callable[[], None]) -> None:
        self._poller = poller
        self._on_closed = on_closed
        self._until: dict[socket.socket, float] = {}  # in the order of their coming
        self._thrown_away: dict[socket.socket, int] = {}

    def add(self, client: socket.socket) -> None:
        """Tell the client that there is no more, and close when it has seen that."""
        self._until[client] = time.monotonic() + self.seconds
        try:
            client.shutdown(socket.SHUT_WR)
            client.setblocking(False)
            self._poller.register(client, selectors.EVENT_READ, partial(self._on_bytes, client))
        except OSError:
            self._close(client)

    def look(self, now: float) -> None:
        """Close those whose time is over."""
        for client in [client for client, until in self._until.items() if until < now]:
            self._close(client)

    def drop_oldest(self) -> bool:
        """Close the oldest connection to make room; False if there is none."""
        oldest = next(iter(self._until), None)
        if oldest is not None:
            self._close(oldest)
        return oldest is not None

    def _on_bytes(self, client: socket.socket, _: socket.socket) -> None:
        try:
            count = len(client.recv(_READ_BYTES))
        except BlockingIOError:
            return
        except OSError:
            count = 0
        self._thrown_away[client] = self._thrown_away.get(client, 0) + count
        if not count or self._thrown_away[client] > _BYTES:
            self._close(client)

    def _close(self, client: socket.socket) -> None:
        self._until.pop(client)
        self._thrown_away.pop(client, None)
        with contextlib.suppress(OSError, KeyError, ValueError):
            self._poller.unregister(client)
        util.close(client)
        self._on_closed()

"""Places for requests: a thread that waits for its client gives its own to somebody else.

A request that is worked on has one of a few places, as many as the server has threads for. Where
the client is slow to send or to take, the thread steps aside: it waits on, and another request is
let in. Those aside cost a stack each and no time; of too many the slowest loses its connection.
"""

import errno
import select
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import structlog

from api.bodies import TooSlow

log = structlog.get_logger(__name__)

MAX_ASIDE = 64
# What a client may take to send or take more before its thread steps aside.
_GRACE_SECONDS = 0.05
_UNKNOWN_SECONDS = 2.0
# A client must move this much in each window, or is told that it is too slow: 1 KiB a second. What
# counts is the time it was waited for: it cannot help what the server does between two reads.
WINDOW_SECONDS = 20.0
WINDOW_BYTES = 20 * 1024


class Places:
    """``on_free`` is called, in any thread, when a request may be let in."""

    def __init__(self, count: int, on_free: Callable[[], None], max_aside: int = MAX_ASIDE) -> None:
        self._free = count
        self._on_free = on_free
        self._max_aside = max_aside
        self._aside: dict[ClientSocket, float] = {}  # and since when
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Take a place for a request, if one is free."""
        with self._lock:
            if self._free <= 0:
                return False
            self._free -= 1
            return True

    def leave(self, client: socket.socket) -> None:
        """The request of this client is over."""
        with self._lock:
            if self._aside.pop(client, None) is None:  # type: ignore[call-overload]
                self._free += 1

    def step_aside(self, client: "ClientSocket") -> None:
        """Wait without a place until the request is over."""
        with self._lock:
            if client in self._aside:
                return
            slowest = self._slowest() if len(self._aside) >= self._max_aside else None
            client.moved = 0
            self._aside[client] = time.monotonic()
            self._free += 1
        if slowest is not None:
            log.warning("slow_client_dropped", count=self._max_aside)
            slowest.drop()
        self._on_free()

    def _slowest(self) -> "ClientSocket":
        now = time.monotonic()
        # What a client does in its first moments says nothing yet.
        known = [client for client, since in self._aside.items() if now - since > _UNKNOWN_SECONDS]
        return min(
            known or self._aside, key=lambda client: client.moved / (now - self._aside[client] + 0.001)
        )


class ClientSocket(socket.socket):
    """A connection that, while it blocks, does not wait for its client at a place."""

    places: Places | None = None
    moved = 0  # bytes in either direction
    _waited = 0.0  # seconds of this window
    _window_moved = 0

    def begin(self) -> None:
        """A new request: the client is measured anew."""
        self._waited, self._window_moved = 0.0, 0

    def recv(self, size: int, flags: int = 0) -> bytes:
        """See socket; raises TooSlow."""
        if self.gettimeout() is not None:  # whoever set a timeout waits no longer than that
            return super().recv(size, flags)
        while True:
            try:
                data = super().recv(size, flags | socket.MSG_DONTWAIT)
            except BlockingIOError:
                self._wait(select.POLLIN)
            else:
                self._count(len(data))
                return data

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """See socket, but takes as much as is there, up to the whole buffer; raises TooSlow."""
        filled = 0
        with memoryview(buffer) as view:
            while filled < len(view):
                try:
                    count = super().recv_into(view[filled:], 0, flags | socket.MSG_DONTWAIT)
                except BlockingIOError:
                    if filled:
                        break
                    self._wait(select.POLLIN)
                    continue
                if not count:
                    break
                filled += count
        self._count(filled)
        return filled

    def sendall(self, data: Any, flags: int = 0) -> None:
        """See socket; a client that takes too little is as good as one that hung up."""
        if self.gettimeout() is not None:
            super().sendall(data, flags)
            return
        with memoryview(data) as view:
            sent = 0
            while sent < len(view):
                try:
                    count = super().send(view[sent:], flags | socket.MSG_DONTWAIT)
                except BlockingIOError:
                    self._wait_to_send()
                    continue
                self._count(count)
                sent += count

    def drop(self) -> None:
        """End the connection under whoever waits for it."""
        try:
            self.shutdown(socket.SHUT_RDWR)
        except OSError as error:
            log.debug("connection_gone", error=type(error).__name__)

    def _wait_to_send(self) -> None:
        try:
            self._wait(select.POLLOUT)
        except TooSlow as error:
            raise BrokenPipeError(errno.EPIPE, "the client takes too little") from error

    def _wait(self, event: int) -> None:
        poll = select.poll()
        poll.register(self, event)
        if self._is_ready(poll, _GRACE_SECONDS):
            return
        if self.places is not None:
            self.places.step_aside(self)
        while not self._is_ready(poll, WINDOW_SECONDS - self._waited):
            pass

    def _is_ready(self, poll: "select.poll", seconds: float) -> bool:
        began = time.monotonic()
        ready = bool(poll.poll(max(0.0, seconds) * 1000 + 1))
        self._waited += time.monotonic() - began
        if self._waited >= WINDOW_SECONDS:
            if self._window_moved < WINDOW_BYTES:
                raise TooSlow
            self.begin()
        return ready

    def _count(self, count: int) -> None:
        self.moved += count
        self._window_moved += count

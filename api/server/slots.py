"""Slots for requests: a thread that waits for its client gives its slot to another request.

A request that is worked on has one of a few places, as many as the server has threads for. Where
the client is slow to send or to take, the thread steps aside: it waits on, and another request is
let in. Those aside cost a stack each and no time; of too many the slowest loses its connection.

To begin an upload costs a hundred times what it costs a client to ask for one. So requests that are
there as a whole are let in before those that are still coming, those have half of the places at
most, and while all places aside are taken one of them comes in now and then: clients that come
reconnect whenever they are dropped wait for each other and delay no other client.
"""

import array
import errno
import fcntl
import select
import socket
import termios
import threading
import time
from collections.abc import Callable
from typing import Any

import structlog

from api.server.bodies import TooSlow
from api.server.throttled_log import Recurring
from shared.domain.errors import Stopping

log = structlog.get_logger(__name__)

MAX_ASIDE = 64
# How long a client may be waited for, in all, before its thread steps aside.
_GRACE_SECONDS = 0.05
# How often an upload is let in although one that is aside must go for it.
_NEWCOMER_SECONDS = 0.25
_UNKNOWN_SECONDS = 2.0
# A client must move this much in each window, or is told that it is too slow: 1 KiB a second. What
# counts is the time it was waited for: it cannot help what the server does between two reads.
WINDOW_SECONDS = 20.0
WINDOW_BYTES = 20 * 1024


# How often a thread that waits for a client checks whether the process is stopping.
_LOOK_SECONDS = 1.0
_dropped = Recurring("slow_clients_dropped")


class Places:
    """``on_free`` is called, in any thread, when a request may be let in."""

    ending = False  # whether no client is to be waited for any more

    def __init__(self, count: int, on_free: Callable[[], None], max_aside: int = MAX_ASIDE) -> None:
        self._free = count
        self._most_coming = max(1, count // 2)
        self._coming = 0  # requests at a place whose bodies are still coming
        self._newcomer_at = 0.0
        self._on_free = on_free
        self._max_aside = max_aside
        self._aside: dict[ClientSocket, float] = {}  # and since when
        self._lock = threading.Lock()

    def take(self, client: socket.socket) -> bool:
        """Take a place for this client's request, if there is one for it."""
        with self._lock:
            if self._free <= 0:
                return False
            if _is_coming(client):
                if not self._has_room_for_a_newcomer():
                    return False
                self._coming += 1
            self._free -= 1
            return True

    def leave(self, client: socket.socket) -> None:
        """The request of this client is over."""
        with self._lock:
            if self._aside.pop(client, None) is None:  # type: ignore[call-overload]
                self._free_place(client)

    def step_aside(self, client: "ClientSocket") -> None:
        """Wait without a place until the request is over."""
        with self._lock:
            if client in self._aside:
                return
            slowest = self._slowest() if self._are_too_many() else None
            client.moved = 0
            self._aside[client] = time.monotonic()
            self._free_place(client)
        if slowest is not None:
            _dropped.note()
            slowest.drop()
        self._on_free()

    def _free_place(self, client: socket.socket) -> None:
        self._free += 1
        self._coming -= _is_coming(client)

    def _has_room_for_a_newcomer(self) -> bool:
        if self._coming >= self._most_coming:
            return False
        if len(self._aside) + self._coming < self._max_aside:
            return True
        now = time.monotonic()
        if now < self._newcomer_at:
            return False
        self._newcomer_at = now + _NEWCOMER_SECONDS
        return True

    def _are_too_many(self) -> bool:
        return len(self._staying()) >= self._max_aside

    def _staying(self) -> "list[ClientSocket]":
        return [client for client in self._aside if not client.dropped]

    def _slowest(self) -> "ClientSocket":
        now = time.monotonic()
        staying = self._staying()
        # What a client does in its first moments says nothing yet.
        known = [client for client in staying if now - self._aside[client] > _UNKNOWN_SECONDS]
        return min(known or staying, key=lambda client: client.moved / (now - self._aside[client] + 0.001))


class ClientSocket(socket.socket):
    """A connection that, while it blocks, does not wait for its client at a place."""

    places: Places | None = None
    coming = False  # whether there is more of its request to come
    dropped = False
    moved = 0  # bytes in either direction
    _grace = _GRACE_SECONDS
    _waited = 0.0  # seconds of this window
    _window_moved = 0

    def begin(self, *, coming: bool = False) -> None:
        """A new request, perhaps with more of it ``coming``: the client is measured anew."""
        self.coming, self._grace = coming, _GRACE_SECONDS
        self._begin_window()

    def recv(self, size: int, flags: int = 0) -> bytes:
        """See socket; raises TooSlow, and Stopping."""
        if self.gettimeout() is not None:  # a caller that set a timeout waits no longer than that
            return super().recv(size, flags)
        self._require_time()
        while True:
            try:
                data = super().recv(size, flags | socket.MSG_DONTWAIT)
            except BlockingIOError:
                self._wait(select.POLLIN)
            else:
                self._count(len(data))
                return data

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """See socket, but takes as much as is there, up to the whole buffer; raises TooSlow, Stopping."""
        self._require_time()
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

    def is_cut_short(self, missing_bytes: int) -> bool:
        """Whether the client has hung up before so many bytes more came."""
        poll = select.poll()
        poll.register(self, select.POLLRDHUP)
        if not poll.poll(0):
            return False
        unread = array.array("i", [0])
        fcntl.ioctl(self, termios.FIONREAD, unread)
        return unread[0] < missing_bytes

    def drop(self) -> None:
        """End the connection, also while a thread waits for it."""
        self.dropped = True
        try:
            self.shutdown(socket.SHUT_RDWR)
        except OSError as error:
            log.debug("connection_gone", error=type(error).__name__)

    def _wait_to_send(self) -> None:
        try:
            self._wait(select.POLLOUT)
        except (TooSlow, Stopping) as error:
            raise BrokenPipeError(errno.EPIPE, "the client takes too little") from error

    def _wait(self, event: int) -> None:
        poll = select.poll()
        poll.register(self, event)
        if self._grace > 0 and self._is_ready(poll, self._grace):
            return
        if self.places is not None:
            self.places.step_aside(self)
        self._require_time()
        while not self._is_ready(poll, min(_LOOK_SECONDS, WINDOW_SECONDS - self._waited)):
            self._require_time()

    def _is_ready(self, poll: "select.poll", seconds: float) -> bool:
        began = time.monotonic()
        ready = bool(poll.poll(max(0.0, seconds) * 1000 + 1))
        waited = time.monotonic() - began
        self._grace -= waited
        self._waited += waited
        if self._waited >= WINDOW_SECONDS:
            if self._window_moved < WINDOW_BYTES:
                raise TooSlow
            self._begin_window()
        return ready

    def _require_time(self) -> None:
        if self.places is not None and self.places.ending:
            raise Stopping

    def _begin_window(self) -> None:
        self._waited, self._window_moved = 0.0, 0

    def _count(self, count: int) -> None:
        self.moved += count
        self._window_moved += count


def _is_coming(client: socket.socket) -> bool:
    return isinstance(client, ClientSocket) and client.coming

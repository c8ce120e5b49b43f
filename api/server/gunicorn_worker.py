"""gunicorn's threaded worker, which slow clients do not hold, and whose refusals say nothing of theirs.

gunicorn 27 gives a connection a thread as soon as it is there, and keeps that in it while the
client sends headers and body byte by byte: as many such clients as there are threads stop a server.
Here a connection is in the event loop until its request is there (``api.server.request_buffer``), or as
much of an upload as no slow client sends; after that its thread steps aside whenever it has to wait for the
client (``api.server.slots``). Connections are also closed in the loop: gunicorn waits two seconds for
each, in the thread that all others depend on.

Nor are requests that it cannot read repeated in its answers and its log, as gunicorn's own do (see
``api.server.malformed_requests``).
"""

import contextlib
import errno
import resource
import selectors
import socket
import time
from concurrent.futures import Future
from functools import partial
from typing import Any

import structlog
from gunicorn import util
from gunicorn.http import errors
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, TConn

from api.server import malformed_requests, shutdown, throttled_log
from api.server.admission_queue import Line
from api.server.closing_connections import Lingering
from api.server.request_buffer import Arrival, State
from api.server.shutdown import Ending
from api.server.slots import ClientSocket, Places
from api.server.threads import RequestThreads
from shared.domain.errors import Stopping

log = structlog.get_logger(__name__)

_READ_BYTES = 64 * 1024
_LOOK_EVERY_SECONDS = 0.5


class Connection(TConn):  # type: ignore[misc]  # gunicorn carries no types
    """gunicorn's, with what has come of the next request."""

    arrival: Arrival


class QuietThreadWorker(RequestThreads):
    """The one worker class of this project; the module says what it is for."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._arriving: dict[Connection, None] = {}  # in the order of their coming
        self._places = Places(self.cfg.threads, lambda: self.method_queue.defer(self._line.let_in))
        self._line = Line(self._places, self._begin, partial(self._refuse, error=ConnectionError()))
        self._look_at = 0.0
        self._ending: Ending | None = None

    def init_process(self) -> None:
        """See gunicorn; lets the process have a file for each connection it may have."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = self.worker_connections + 512
        if soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))
        super().init_process()

    def run(self) -> None:
        """See gunicorn."""
        self._lingering = Lingering(self.poller, self._closed)
        super().run()

    def accept(self, listener: socket.socket) -> None:
        """Take a connection; where there are too many, the one that has waited longest goes."""
        if self.cfg.is_ssl:  # its bytes say nothing before a thread has decrypted them
            super().accept(listener)
            return
        try:
            plain, address = listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                self._make_room()
            elif error.errno not in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                raise
            return
        self.nr_conns += 1
        if self.nr_conns >= self.worker_connections:
            self._make_room()
        client = ClientSocket(fileno=plain.detach())
        client.places = self._places
        self._await_request(Connection(self.cfg, client, address, listener.getsockname()))

    def _make_room(self) -> None:
        if not self._lingering.drop_oldest() and self._arriving:
            self._drop(next(iter(self._arriving)))

    def _await_request(self, conn: Connection, received: bytes = b"") -> None:
        conn.arrival = Arrival(self._most_bytes)
        conn.sock.setblocking(False)
        self._arriving[conn] = None
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._on_bytes, conn))
        if received:
            self._take(conn, received)

    def _on_bytes(self, conn: Connection, _: socket.socket) -> None:
        try:
            data = conn.sock.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._take(conn, data)
        elif not conn.arrival.has_head:
            self._drop(conn)
        elif conn.arrival.missing_bytes and not conn.arrival.is_whole:
            self._refuse(conn, ConnectionError())
        else:  # a small body may be cut short too: the application says so
            self._dispatch(conn)

    def _take(self, conn: Connection, data: bytes) -> None:
        state = conn.arrival.add(data)
        if state is State.READY:
            self._dispatch(conn)
        elif state is State.HEAD_TOO_LONG:
            self._refuse(conn, errors.LimitRequestHeaders("too long"))

    def _dispatch(self, conn: Connection) -> None:
        """The request is there: it gets a thread when a place is free."""
        self._forget(conn)
        conn.init()
        conn.parser.unreader.unread(bytes(conn.arrival.received))
        conn.data_ready = True
        conn.sock.begin(coming=not conn.arrival.is_whole)
        self.enqueue_req(conn)

    def enqueue_req(self, conn: Connection) -> None:
        """See gunicorn."""
        self._line.add(conn)

    def _begin(self, conn: Connection) -> None:
        self.tpool.submit(self.handle, conn).add_done_callback(
            partial(self.method_queue.defer, self.finish_request, conn)
        )

    def finish_request(self, conn: Connection, future: "Future[Any]") -> None:
        """See gunicorn; neither the next request nor the end of the connection holds anybody up."""
        self._places.leave(conn.sock)
        try:
            kept = not future.cancelled() and future.result()
            if not isinstance(conn.sock, ClientSocket):
                super().finish_request(conn, future)
            elif not kept:
                self._lingering.add(conn.sock)
            elif received := conn.parser.unreader.take_buffered():  # the next request came along
                self._await_request(conn, received)
            else:
                self._keep_alive(conn)
        except Exception as error:  # noqa: BLE001 - an entrance: the loop must go on for everybody else
            log.warning("connection_failed", error=type(error).__name__)
            self._drop(conn)
        self._line.let_in()

    def _keep_alive(self, conn: Connection) -> None:
        conn.sock.setblocking(False)
        conn.set_timeout()
        if not self.alive:
            conn.timeout = min(conn.timeout, time.monotonic() + STOP_KEEPALIVE_LINGER)
        self.keepalived_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_client_socket_readable, conn))

    def on_client_socket_readable(self, conn: Connection, client: socket.socket) -> None:
        """The next request begins, or the client hangs up."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        if isinstance(conn.sock, ClientSocket):
            self._await_request(conn)
            self._on_bytes(conn, client)
        else:
            self.enqueue_req(conn)

    def murder_pending(self) -> None:
        """Called in every round of the loop: what has waited for too long goes."""
        super().murder_pending()
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + _LOOK_EVERY_SECONDS
        self._lingering.look(now)
        self._line.look()
        throttled_log.tell_all(now=not self.alive)
        for conn in list(self._arriving):
            if conn.arrival.deadline < now and conn.arrival.received:
                self._refuse(conn, TimeoutError())
            elif conn.arrival.deadline < now or not (self.alive or conn.arrival.received):
                self._drop(conn)
        if not self.alive:
            self._end(now)

    def _end(self, now: float) -> None:
        """Stop the process: end every wait early enough that it need not be killed."""
        if self._ending is None:
            self._ending = Ending(now, self.cfg.graceful_timeout)
            shutdown.begin()
        if now >= self._ending.refuse_at:
            for conn in (*self._arriving, *self._line.take_out()):
                self._refuse(conn, Stopping())
        self._lingering.seconds = shutdown.LINGERING_SECONDS
        self._places.ending = now >= self._ending.give_up_at

    def _refuse(self, conn: Connection, error: BaseException) -> None:
        self._forget(conn)
        malformed_requests.answer(conn.sock, error)
        self._lingering.add(conn.sock)

    def _forget(self, conn: Connection) -> None:
        self._arriving.pop(conn, None)
        with contextlib.suppress(OSError, KeyError, ValueError):
            self.poller.unregister(conn.sock)

    def _drop(self, conn: Connection) -> None:
        self._forget(conn)
        util.close(conn.sock)
        self._closed()

    def _closed(self) -> None:
        self.nr_conns -= 1

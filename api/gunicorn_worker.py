"""gunicorn's threaded worker, which slow clients do not hold, and whose refusals say nothing of theirs.

gunicorn 27 gives a connection a thread as soon as it is there, and keeps that in it while the
client sends headers and body byte by byte: as many such clients as there are threads stop a server.
Here a connection is in the event loop until its request is there (``api.arrivals``), or as much of
an upload as no slow client sends; after that its thread steps aside whenever it has to wait for the
client (``api.places``). Connections are also closed in the loop: gunicorn waits two seconds for
each, in the thread that all others depend on.

Nor are requests that it cannot read repeated in its answers and its log, as gunicorn's own do (see
``api.unreadable``).
"""

import contextlib
import errno
import resource
import selectors
import socket
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

import structlog
from gunicorn import util
from gunicorn.http import errors
from gunicorn.http.body import LengthReader
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, TConn, ThreadWorker

from api import unreadable
from api.arrivals import Arrival, State
from api.closing import closing
from api.direct_body import DirectBody
from api.lingering import Lingering
from api.places import MAX_ASIDE, ClientSocket, Places

log = structlog.get_logger(__name__)

_READ_BYTES = 64 * 1024
_LOOK_EVERY_SECONDS = 0.5
# What is left of a body that was not read, and is there already, goes to keep the connection.
_DRAIN_SECONDS = 0.05


class Connection(TConn):  # type: ignore[misc]  # gunicorn carries no types
    """gunicorn's, with what has come of the next request."""

    arrival: Arrival


class QuietThreadWorker(ThreadWorker):  # type: ignore[misc]
    """The one worker class of this project; the module says what it is for."""

    wsgi: Any

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._arriving: dict[Connection, None] = {}  # in the order of their coming
        self._whole: deque[Connection] = deque()  # whose requests are there, and wait for a place
        self._begun: deque[Connection] = deque()
        self._places = Places(self.cfg.threads, lambda: self.method_queue.defer(self._let_in))
        self._look_at = 0.0

    def init_process(self) -> None:
        """See gunicorn; lets the process have a file for each connection it may have."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = self.worker_connections + 512
        if soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))
        super().init_process()

    def load_wsgi(self) -> None:
        """See gunicorn."""
        super().load_wsgi()
        self._most_bytes: int = self.wsgi.config["MOST_BODY_BYTES"]
        self.wsgi = closing(self.wsgi)

    def run(self) -> None:
        """See gunicorn."""
        self._lingering = Lingering(self.poller, self._closed)
        super().run()

    def get_thread_pool(self) -> ThreadPoolExecutor:
        """Threads for all who have a place, all who stepped aside, and all who were dropped just now."""
        return ThreadPoolExecutor(max_workers=self.cfg.threads + 2 * MAX_ASIDE)

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
        elif conn.arrival.has_head:  # the body is cut short: the application says so
            self._dispatch(conn)
        else:
            self._drop(conn)

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
        coming = isinstance(conn.sock, ClientSocket) and conn.sock.coming
        (self._begun if coming else self._whole).append(conn)
        self._let_in()

    def _let_in(self) -> None:
        for waiting in (self._whole, self._begun):
            while waiting and self._places.take(waiting[0].sock):
                conn = waiting.popleft()
                self.tpool.submit(self.handle, conn).add_done_callback(
                    partial(self.method_queue.defer, self.finish_request, conn)
                )

    # In a thread.

    def handle_request(self, req: Any, conn: Connection) -> Any:
        """See gunicorn; a body of known length is read without copies."""
        if isinstance(req.body.reader, LengthReader) and isinstance(conn.sock, ClientSocket):
            req.body = DirectBody(req.body.reader, conn.sock)
        return super().handle_request(req, conn)

    def _keepalive_after(self, conn: Connection, keepalive: Any) -> bool:
        """Whether another request may follow; what the client has yet to send is not waited for."""
        return bool(keepalive and conn.parser.finish_body(deadline=time.monotonic() + _DRAIN_SECONDS))

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        """Answer a request that could not be read, or whose answer failed; the caller closes."""
        unreadable.answer(client, exc)

    # In the loop again.

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
        self._let_in()

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
        self._let_in()
        for conn in list(self._arriving):
            if conn.arrival.deadline < now and conn.arrival.received:
                self._refuse(conn, TimeoutError())
            elif conn.arrival.deadline < now or not (self.alive or conn.arrival.received):
                self._drop(conn)

    def _refuse(self, conn: Connection, error: BaseException) -> None:
        self._forget(conn)
        unreadable.answer(conn.sock, error)
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

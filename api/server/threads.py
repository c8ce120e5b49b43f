"""What gunicorn's threaded worker does in a thread: a request is read, worked on and answered."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from gunicorn.http.body import LengthReader
from gunicorn.workers.gthread import ThreadWorker

from api.server import malformed_requests
from api.server.connection_close import closing
from api.server.direct_body import DirectBody
from api.server.slots import MAX_ASIDE, ClientSocket

# What is left of a body that was not read, and is there already, goes to keep the connection.
_DRAIN_SECONDS = 0.05


class RequestThreads(ThreadWorker):  # type: ignore[misc]  # gunicorn carries no types
    """gunicorn's, that reads bodies without copies, and says nothing of a client's in its answers."""

    wsgi: Any

    def load_wsgi(self) -> None:
        """See gunicorn."""
        super().load_wsgi()
        self._most_bytes: int = self.wsgi.config["MOST_BODY_BYTES"]
        self.wsgi = closing(self.wsgi)

    def get_thread_pool(self) -> ThreadPoolExecutor:
        """Threads for all who have a place, all who stepped aside, and all who were dropped just now."""
        return ThreadPoolExecutor(max_workers=self.cfg.threads + 2 * MAX_ASIDE)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """See gunicorn; a body of known length is read without copies."""
        if isinstance(req.body.reader, LengthReader) and isinstance(conn.sock, ClientSocket):
            req.body = DirectBody(req.body.reader, conn.sock, asked_for=req._expected_100_continue)
            req._expected_100_continue = False
        return super().handle_request(req, conn)

    def _keepalive_after(self, conn: Any, keepalive: Any) -> bool:
        """Whether another request may follow; what the client has yet to send is not waited for."""
        if getattr(conn.parser.mesg.body, "asked_for", False):
            return False  # was it sent or not? Where the next request begins is not known
        return bool(keepalive and conn.parser.finish_body(deadline=time.monotonic() + _DRAIN_SECONDS))

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        """Answer a request that could not be read, or whose answer failed; the caller closes."""
        malformed_requests.answer(client, exc)

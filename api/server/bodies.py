"""Bodies of requests that are streamed, as straight from the socket as the server allows."""

from typing import IO, Any

from flask import Request
from werkzeug.exceptions import BadRequest, HTTPException, RequestTimeout

from shared.domain.errors import Stopping

_WAITED_FOR_BYTES = 256 * 1024


class TooSlow(Exception):
    """The client sends too little; raised by ``api.server.gunicorn_worker``."""


def stream_of(request: Request) -> IO[bytes]:
    """The request's body: the server's own stream, if that knows where the body ends.

    Werkzeug's wrapper around it copies all bytes twice.
    """
    stream: Any = request.environ["wsgi.input"]
    if request.environ.get("wsgi.input_terminated") and hasattr(stream, "readinto"):
        found: IO[bytes] = stream
        return found
    return request.stream


def read_into(stream: IO[bytes], view: memoryview) -> int:
    """Fill ``view`` with what has come of the body, at least a byte; 0 at the end.

    Raises BadRequest for a body that breaks off, RequestTimeout for one that comes too slowly, Stopping
    for one that the server does not wait for any more.
    """
    try:
        if hasattr(stream, "readinto"):
            count: int = stream.readinto(view) or 0
            return count
        # Such a stream waits until it has all that was asked for, or the end.
        data = stream.read(min(len(view), _WAITED_FOR_BYTES))
    except (HTTPException, Stopping):
        raise
    except TooSlow as error:
        raise RequestTimeout from error
    except Exception as error:
        # Servers have no common error for a body that breaks off; nothing but they run here.
        raise BadRequest from error
    view[: len(data)] = data
    return len(data)

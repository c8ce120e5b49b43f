"""Answers to what is no request: problem documents without a word of the client's.

gunicorn 27 repeats the bytes that it could not read in its answer and in its log. Where the chunks
of an upload are framed wrongly those bytes are the recording or the form.
"""

import json
import socket
from uuid import uuid4

import structlog
from gunicorn import util
from gunicorn.http import errors

from api.server.bodies import TooSlow
from api.server.throttled_log import Recurring
from shared.domain.errors import Stopping

log = structlog.get_logger(__name__)

_UNREADABLE = (400, "Bad Request", "malformed_request", "This is not a request that HTTP/1.1 allows.")
_BROKEN = (500, "Internal Server Error", "internal_error", "Something went wrong here.")
_SLOW = (
    408, "Request Timeout", "too_slow",
    "The request came too slowly. Send it again; a recording best by a resumable upload.",
)  # fmt: skip
_CUT_SHORT = (400, "Bad Request", "malformed_request", "The request's body is cut short.")
_STOPPING = (503, "Service Unavailable", "stopping", Stopping().detail)
# The nearest ancestor decides; LimitRequestLine and LimitRequestHeaders have settings of gunicorn's.
_ANSWERS: dict[type[BaseException], tuple[int, str, str, str]] = {
    errors.LimitRequestLine: (414, "URI Too Long", "address_too_long", "The request line is too long."),
    errors.ExpectationFailed: (417, "Expectation Failed", "expectation_failed", "Only 100-continue is met."),
    errors.LimitRequestHeaders: (
        431, "Request Header Fields Too Large", "headers_too_large",
        "There are too many headers, or they are too long.",
    ),
    errors.UnsupportedTransferCoding: (
        501, "Not Implemented", "transfer_coding_unknown", "The only transfer coding is chunked.",
    ),
    errors.ConfigurationProblem: _BROKEN,
    errors.InvalidResponseHeader: _BROKEN,  # ours, not the client's
    errors.InvalidResponseHeaderName: _BROKEN,
    errors.ParseException: _UNREADABLE,
    TooSlow: _SLOW,
    TimeoutError: _SLOW,
    ConnectionError: _CUT_SHORT,
    Stopping: _STOPPING,
}  # fmt: skip


# What crowds do: told once for many.
_crowds = {
    found: Recurring("requests_given_up", status=found[0], code=found[2])
    for found in (_SLOW, _CUT_SHORT, _STOPPING)
}


def answer(client: socket.socket, error: BaseException) -> None:
    """Answer a request that could not be read, or whose answer failed; the caller closes."""
    found = next((_ANSWERS[kind] for kind in type(error).__mro__ if kind in _ANSWERS), _BROKEN)
    request_id = uuid4().hex
    if found in _crowds:
        _crowds[found].note()
    else:
        log.warning("request_unreadable", status=found[0], error=type(error).__name__, request_id=request_id)
    try:
        util.write_nonblock(client, _problem(found, request_id))
    except OSError:
        log.info("answer_not_taken", request_id=request_id)


def _problem(found: tuple[int, str, str, str], request_id: str) -> bytes:
    status, title, code, detail = found
    body = json.dumps({
        "type": "about:blank", "title": title, "status": status, "detail": detail, "code": code,
        "request_id": request_id,
    })  # fmt: skip
    again = f"Retry-After: {Stopping().retry_after_seconds}\r\n" if found is _STOPPING else ""
    head = (
        f"HTTP/1.1 {status} {title}\r\nConnection: close\r\nContent-Type: application/problem+json\r\n"
        f"X-Request-Id: {request_id}\r\nX-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n{again}"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return (head + body).encode()

"""Every error as one shape: ``application/problem+json`` (RFC 9457)."""

import traceback
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response, current_app, g, json
from werkzeug.exceptions import HTTPException

from shared.domain.errors import (
    ChecksumMismatch,
    Conflict,
    DomainError,
    Gone,
    InProgress,
    InvalidInput,
    KeyReused,
    LimitReached,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    Outdated,
    TooLarge,
    Unanswered,
    Unavailable,
    UnknownBase,
    UnsupportedMedia,
    WrongVersion,
)
from shared.http import refusals
from shared.http.request_ids import request_id
from shared.services.consents.history import InvalidConsent
from shared.services.engines.engine_choice import NotOffered, UnsupportedLanguage
from shared.services.notes.templates import UnknownTemplate
from shared.services.rights.requests import InvalidRequest

log = structlog.get_logger(__name__)


class Malformed(InvalidInput):
    """The request is not of the form that the call takes; ``fields`` says where."""

    default_code = "validation_failed"


# The one table from the domain's errors to HTTP. The nearest ancestor decides.
STATUS_OF: dict[type[DomainError], int] = {
    NotAuthenticated: 401,
    NotAllowed: 403,
    NotFound: 404,
    Gone: 410,
    Outdated: 412,
    Conflict: 409,
    LimitReached: 429,
    KeyReused: 422,
    WrongVersion: 412,
    TooLarge: 413,
    UnsupportedMedia: 415,
    ChecksumMismatch: 460,
    Malformed: 422,
    UnsupportedLanguage: 422,
    NotOffered: 422,
    InvalidConsent: 422,
    InvalidRequest: 422,
    UnknownTemplate: 422,
    UnknownBase: 428,
    InvalidInput: 400,
    Unavailable: 503,
    DomainError: 500,
}

# What Werkzeug raises by itself, in our words: its own may quote the request.
_WERKZEUG = {
    400: (
        "malformed_request",
        "The request cannot be read: its body is cut short or not what its header says.",
    ),
    404: ("no_such_route", "There is nothing at this address. GET /openapi.json lists every call."),
    405: ("method_not_allowed", "The method does not exist here; the Allow header names those that do."),
    406: ("not_acceptable", "None of the media types in Accept is offered; GET /openapi.json lists them."),
    408: ("too_slow", "The request came too slowly. Send it again; a recording best by a resumable upload."),
    413: ("too_large", "The body is larger than this call takes."),
    415: ("unsupported_media_type", "The body's media type is not one that this call takes."),
    416: ("range_not_satisfiable", "The range lies beyond the recording; Content-Range says how long it is."),
    422: ("validation_failed", "Some values are not valid; errors says which and why."),
}
_UNKNOWN_FIELD = "Unknown field."


def install(app: Flask) -> None:
    """Answer every error of ``app`` with a problem document."""
    app.register_error_handler(DomainError, _domain_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    fields: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The response for an error; ``fields`` maps field names to lists of messages."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": _phrase(status),
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": request_id(),
    }
    if fields:
        document["errors"] = dict(fields)
    status_line = f"{status} {_phrase(status)}"
    response = Response(json.dumps(document), status_line, content_type="application/problem+json")
    response.headers.extend(dict(headers or {}))
    return response


def _phrase(status: int) -> str:
    return "Checksum Mismatch" if status == 460 else HTTPStatus(status).phrase  # tus's own


def _domain_error(error: DomainError) -> Response:
    status = next(STATUS_OF[kind] for kind in type(error).__mro__ if kind in STATUS_OF)
    refusals.note(error, status)
    headers = {}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="sessionscribe"'
    if isinstance(error, InProgress | LimitReached | Unavailable):
        headers["Retry-After"] = str(error.retry_after_seconds)
    if isinstance(error, Unavailable):
        log.warning("unavailable", code=error.code)
    if g.get("body_unread"):
        headers["Connection"] = "close"
    fields = error.fields if isinstance(error, InvalidInput | Unanswered) else None
    return problem(status, error.code, error.detail, fields=fields, headers=headers)


def _http_error(error: HTTPException) -> Response:
    if error.response is not None or error.code is None or error.code < 400:
        return current_app.make_response(error.get_response())
    if error.code >= 500:
        return _unexpected(error)
    code, detail = _WERKZEUG.get(error.code, (HTTPStatus(error.code).name.lower(), error.name + "."))
    headers = {
        name: value
        for name, value in error.get_headers()
        if name.lower() in ("allow", "content-range", "retry-after", "www-authenticate")
    }
    if g.get("body_unread"):
        headers["Connection"] = "close"
    return problem(error.code, code, detail, fields=_field_messages(error), headers=headers)


def _unexpected(error: Exception) -> Response:
    # Type and place alone: a message or a traceback's locals may hold what was said in a session.
    log.error("unexpected_error", error=type(error).__name__, name=_place(error), request_id=request_id())
    return problem(
        500, "internal_error", "Something went wrong here. Quote the request id when you report it."
    )


def _place(error: Exception) -> str:
    """The innermost line of our own code that the error came through, as ``module:line``."""
    frames = [
        (frame.f_globals.get("__name__", ""), line) for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    ours = [f"{module}:{line}" for module, line in frames if module.startswith(("api.", "shared."))]
    return ours[-1] if ours else "-"


def _field_messages(error: HTTPException) -> dict[str, Any]:
    """The validation messages that webargs left on the exception, by field."""
    by_location = (getattr(error, "data", None) or {}).get("messages", {})
    found: dict[str, Any] = {}
    for messages in by_location.values():
        found |= messages if isinstance(messages, dict) else {"body": messages}
    return without_unknown_names(found)


def without_unknown_names(messages: Mapping[Any, Any]) -> dict[str, Any]:
    """marshmallow's messages, without the names of unknown fields: those are the client's words."""
    kept: dict[str, Any] = {}
    for name, value in messages.items():
        if value == [_UNKNOWN_FIELD]:
            kept["unknown_fields"] = ["There are fields that this call does not take."]
        else:
            kept[str(name)] = without_unknown_names(value) if isinstance(value, dict) else value
    return kept

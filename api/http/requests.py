"""Ids in paths, bodies that break off, and the one line about each request in the log."""

import time
from typing import Any
from uuid import UUID

import structlog
from flask import Flask, Request, Response, g, request
from werkzeug.exceptions import BadRequest, HTTPException, RequestTimeout
from werkzeug.routing import BaseConverter

from api.http.problems import Malformed
from api.server.bodies import TooSlow
from shared.domain.errors import Stopping
from shared.http.request_ids import request_id
from shared.outbound import traces

log = structlog.get_logger(__name__)


class IdConverter(BaseConverter):
    """A UUID in a path; None where it is not one, so that authentication comes before the 422."""

    part_isolating = True
    # A sibling's own word is no malformed id: GET of it is a 405 that names its methods, not a 422.
    regex = r"(?!upload\Z|awaiting-cosignature\Z|usual\Z)[^/]+"

    def to_python(self, value: str) -> UUID | None:
        """The UUID, if it is written as one: ``UUID`` itself takes braces and more."""
        try:
            found = UUID(value)
        except ValueError:
            return None
        return found if str(found) == value.lower() else None

    def to_url(self, value: UUID) -> str:
        """The UUID as text."""
        return str(value)


class BodyRequest(Request):
    """A request whose body may break off, or be framed wrongly: the client's fault, not ours."""

    def get_data(self, *arguments: Any, **options: Any) -> Any:
        """See Werkzeug; raises BadRequest for a body that cannot be read, RequestTimeout, and Stopping."""
        try:
            return super().get_data(*arguments, **options)
        except (HTTPException, Stopping):
            raise
        except TooSlow as error:
            raise RequestTimeout from error
        except Exception as error:
            # Servers have no common error for this; nothing but they run here.
            raise BadRequest from error


def install(app: Flask) -> None:
    """Time and log every request, and name it in the answer."""
    app.url_map.converters["id"] = IdConverter
    app.request_class = BodyRequest

    @app.before_request
    def _begin() -> None:
        g.started = time.monotonic()
        structlog.contextvars.clear_contextvars()  # the thread served another request before
        structlog.contextvars.bind_contextvars(request_id=request_id())

    @app.after_request
    def _name_no_type_of_nothing(response: Response) -> Response:
        # Werkzeug calls even the empty answer HTML.
        if not response.is_streamed and not response.calculate_content_length():
            response.headers.pop("Content-Type", None)
        return response

    @app.after_request
    def _end(response: Response) -> Response:
        response.headers["X-Request-Id"] = request_id()
        caller = g.get("caller")
        seconds = round(time.monotonic() - g.started, 4)
        if request.url_rule:
            route = str(request.url_rule)
            traces.request(request_id(), request.method, route, response.status_code, seconds)
        log.info(
            "request",
            method=request.method if request.url_rule else "-",
            route=str(request.url_rule) if request.url_rule else "-",
            status=response.status_code,
            duration_seconds=seconds,
            request_id=request_id(),
            key_id=caller.key_id if caller else None,
        )
        return response


def refuse_malformed_ids() -> None:
    """Raise Malformed if an id in the path is not a UUID."""
    wrong = [name for name, value in (request.view_args or {}).items() if value is None]
    if wrong:
        raise Malformed(
            "An id in the path is not a UUID.",
            "malformed_id",
            {name: ["Not a valid UUID."] for name in wrong},
        )

"""A set of pages: a blueprint with the pages' headers, what every template knows, and errors as pages."""

from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import structlog
from flask import Blueprint, Response, g, redirect, render_template, request
from werkzeug.exceptions import HTTPException

from shared.domain.errors import (
    ConfirmationNeeded,
    Conflict,
    DomainError,
    Gone,
    InvalidInput,
    LimitReached,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    TooLarge,
    Unavailable,
    UnsupportedMedia,
)
from shared.domain.preferences import Preferences
from shared.http import refusals
from shared.http.request_ids import request_id
from web import navigation, static_files
from web.translation import gettext, language

log = structlog.get_logger(__name__)

TEMPLATES = Path(__file__).parent / "templates"
SIGN_IN, SECOND_FACTOR, CONFIRM = "/sign-in", "/sign-in/second-factor", "/confirm"
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self' blob:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_STATUS_OF: dict[type[DomainError], HTTPStatus] = {
    NotAuthenticated: HTTPStatus.UNAUTHORIZED,
    NotAllowed: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Gone: HTTPStatus.GONE,
    Conflict: HTTPStatus.CONFLICT,
    TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UnsupportedMedia: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    InvalidInput: HTTPStatus.UNPROCESSABLE_ENTITY,
    LimitReached: HTTPStatus.TOO_MANY_REQUESTS,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    DomainError: HTTPStatus.INTERNAL_SERVER_ERROR,
}


class Pages(Blueprint):
    """A blueprint whose views answer with pages, also when they fail."""

    def __init__(self, name: str, import_name: str) -> None:
        super().__init__(name, import_name, template_folder=str(TEMPLATES))
        self.after_request(_protect)
        self.context_processor(_known_to_templates)
        self.register_error_handler(NotAuthenticated, _to_sign_in)
        self.register_error_handler(ConfirmationNeeded, _to_confirm)
        self.register_error_handler(DomainError, _domain_error)
        self.register_error_handler(HTTPException, _http_error)
        self.register_error_handler(Exception, _unexpected)


def _protect(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    # With no-referrer, browsers send "Origin: null" with forms, and the guard against other sites needs it.
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Vary"] = "Cookie, Accept-Language"
    return response


def _known_to_templates() -> dict[str, Any]:
    caller = g.get("caller")
    is_complete = caller is not None and caller.is_complete
    chosen = language()
    return {
        "caller": caller,
        "person_name": g.get("person_name"),
        "preferences": g.get("preferences") or Preferences(),
        "csrf_token": g.get("csrf_token"),
        "links": navigation.links_for(caller) if is_complete else (),
        "idle_seconds": g.get("idle_seconds") if is_complete else None,
        "static_url": static_files.url_of,
        "page_language": chosen.code,
        "page_direction": chosen.direction,
        "script_texts": chosen.script_texts,
    }


def _to_sign_in(error: NotAuthenticated) -> Response:
    """To the sign-in page, and from there back to a page that was read; what was sent is not repeated."""
    page = SECOND_FACTOR if error.code == "second_factor_needed" else SIGN_IN
    return _aside(page, request.path if request.method == "GET" else "/")


def _to_confirm(error: ConfirmationNeeded) -> Response:
    """To the page that asks for a factor, and from there back to the page with the form."""
    return _aside(CONFIRM, request.path if request.method == "GET" else _referring_path())


def _aside(page: str, then: str) -> Response:
    address = f"{page}?{urlencode({'next': then})}" if then != "/" else page
    return redirect(address, HTTPStatus.SEE_OTHER)  # type: ignore[return-value]  # Flask's own


def _referring_path() -> str:
    referrer = urlsplit(request.headers.get("Referer", ""))
    return referrer.path or "/" if referrer.netloc == request.host else "/"


def error_page(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    """A page that says what is wrong and what to do."""
    title = gettext(HTTPStatus(status).phrase)
    if g.get("body_unread"):  # what is left of the upload is not the next request
        headers = {**(headers or {}), "Connection": "close"}
    page = render_template("error.html", title=title, detail=detail, request_id=request_id())
    return Response(page, status, headers, content_type="text/html; charset=utf-8")


def status_of(error: DomainError) -> HTTPStatus:
    """The status of a page that tells of the error."""
    return next(_STATUS_OF[kind] for kind in type(error).__mro__ if kind in _STATUS_OF)


def _domain_error(error: DomainError) -> Response:
    refusals.note(error, status_of(error))
    headers = {}
    if isinstance(error, LimitReached | Unavailable):
        headers["Retry-After"] = str(error.retry_after_seconds)
    return error_page(status_of(error), error.detail, headers)


def _http_error(error: HTTPException) -> Response:
    code = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    return error_page(
        code, gettext("The request cannot be answered. Go back, open the page again and repeat it.")
    )


def _unexpected(error: Exception) -> Response:
    # The type alone: a message may hold what was said in a session.
    log.error("unexpected_error", error=type(error).__name__, request_id=request_id())
    return error_page(500, gettext("Something went wrong here. Quote the request id when you report it."))

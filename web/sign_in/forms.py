"""What the forms about signing in share: fields, errors beside them, where to go next."""

from http import HTTPStatus
from uuid import UUID

from flask import Response, make_response, render_template, request
from werkzeug.utils import redirect

from shared.domain.errors import InvalidInput, LimitReached, NotAuthenticated
from shared.http import cookies
from shared.services.sign_in import known_devices
from shared.services.sign_in.browser_sessions import NewSession
from web.access import resources

START = "/"


def field(name: str) -> str:
    """A field of the form that was sent; empty where it is missing."""
    return request.form.get(name, "")


def wanted_path(given: str | None = None) -> str:
    """Where to go after signing in: a path of our own (``given``, or of the request), else the first page."""
    path = request.values.get("next", "") if given is None else given
    is_ours = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if is_ours else START


def again(template: str, error: InvalidInput | NotAuthenticated | LimitReached, **known: object) -> Response:
    """The form with what is wrong, and what was typed but for secrets."""
    fields = error.fields if isinstance(error, InvalidInput) else {}
    statuses = {NotAuthenticated: HTTPStatus.UNAUTHORIZED, LimitReached: HTTPStatus.TOO_MANY_REQUESTS}
    status = statuses.get(type(error), HTTPStatus.UNPROCESSABLE_ENTITY)
    page = render_template(template, problem=error.detail, fields=fields, **known)
    response = make_response(page, status)
    if isinstance(error, LimitReached):
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


def own_address(path: str) -> str:
    """The whole address of one of our pages, as people and providers know it."""
    ours = resources().settings.public_url or request.host_url
    return f"{ours.rstrip('/')}{path}"


def to(path: str) -> Response:
    """To another page, after a form was sent."""
    return make_response(redirect(path, HTTPStatus.SEE_OTHER))


def signed_in(session: NewSession, path: str, person: UUID | None = None) -> Response:
    """To ``path``, with the cookie of a session that has just begun or was renewed.

    ``person``: has shown the passphrase, so that the device is known from now on.
    """
    response = to(path)
    cookies.set_session(response, session.secret)
    if person is not None:
        cookies.set_device(response, known_devices.mark(resources(), person))
    return response


def signed_out(path: str) -> Response:
    """To ``path``, without the cookie."""
    response = to(path)
    cookies.forget_session(response)
    return response

"""The bare address: to a person's first page."""

from http import HTTPStatus

from flask import redirect
from werkzeug.wrappers import Response

from web import navigation
from web.access import caller, signed_in
from web.pages import Pages

blueprint = Pages("landing", __name__)


@blueprint.get("/")
@signed_in()
def landing() -> Response:
    """To the first page that the caller may open."""
    return redirect(navigation.landing_path(caller()), HTTPStatus.SEE_OTHER)

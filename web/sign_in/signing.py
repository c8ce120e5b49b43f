"""Signing in and out."""

from flask import Response, make_response, render_template
from werkzeug.utils import redirect

from shared.domain.errors import LimitReached, NotAuthenticated
from shared.http import cookies
from shared.services.sign_in import browser_sessions, invitations, signing_in
from web.access import caller, client, public, resources, signed_in
from web.pages import SIGN_IN, Pages
from web.sign_in import forms

_TEMPLATE = "sign_in/sign_in.html"
blueprint = Pages("sign_in", __name__)


@blueprint.get(SIGN_IN)
@public
def form() -> str:
    """Asks for name and passphrase."""
    awaited = invitations.first_is_awaited(resources())
    return render_template(
        _TEMPLATE, problem=None, fields={}, login_name="", next=forms.wanted_path(), awaited=awaited
    )


@blueprint.post(SIGN_IN)
@public
def sign_in() -> Response:
    """Begins a session, or says that name or passphrase are wrong."""
    name, passphrase = forms.field("login_name"), forms.field("passphrase")
    try:
        session = signing_in.sign_in(resources(), name, passphrase, client())
    except (NotAuthenticated, LimitReached) as error:
        return forms.again(_TEMPLATE, error, login_name=name, next=forms.wanted_path(), awaited="")
    return forms.signed_in(session, forms.wanted_path())


@blueprint.post("/sign-out")
@signed_in()
def sign_out() -> Response:
    """Ends the session on the server, and takes the cookie away."""
    browser_sessions.end(resources(), caller(), caller().key_id)
    response = make_response(redirect(SIGN_IN, 303))
    cookies.forget_session(response)
    return response

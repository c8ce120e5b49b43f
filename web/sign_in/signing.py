"""Signing in and out, and what a page asks about its session."""

from flask import Response, g, jsonify, make_response, render_template, request

from shared.domain.errors import LimitReached, NotAuthenticated
from shared.http import cookies
from shared.services.sign_in import browser_sessions, invitations, provider, provider_sign_out, signing_in
from web.access import caller, client, public, resources, signed_in
from web.pages import SIGN_IN, Pages
from web.sign_in import forms

_TEMPLATE = "sign_in/sign_in.html"
blueprint = Pages("sign_in", __name__)


@blueprint.get(SIGN_IN)
@public
def form() -> Response | str:
    """Asks for a passkey, or for name and passphrase."""
    if resources().settings.public_url is None and request.host.startswith("127.0.0.1"):
        # Passkeys are tied to a host name, and an address is none.
        return forms.to(request.url.replace("127.0.0.1", "localhost", 1))
    awaited = invitations.first_is_awaited(resources())
    return render_template(_TEMPLATE, problem=None, fields={}, login_name="", awaited=awaited, **_known())


def _known() -> dict[str, object]:
    return {"next": forms.wanted_path(), "provider": provider.is_offered(resources())}


@blueprint.post(SIGN_IN)
@public
def sign_in() -> Response:
    """Begins a session, or says that name or passphrase are wrong."""
    name, device = forms.field("login_name"), request.cookies.get(cookies.DEVICE, "")
    try:
        session, person = signing_in.sign_in(resources(), name, forms.field("passphrase"), client(), device)
    except (NotAuthenticated, LimitReached) as error:
        return forms.again(_TEMPLATE, error, login_name=name, awaited=False, **_known())
    return forms.signed_in(session, forms.wanted_path(), person)


@blueprint.post("/sign-out")
@signed_in(incomplete=True)
def sign_out() -> Response:
    """Ends the session on the server, and takes the cookie away."""
    is_open_there, token = provider_sign_out.begun(resources(), caller())
    # Before the provider is asked anything: whether it answers must not matter.
    browser_sessions.end(resources(), caller(), caller().key_id)
    if not is_open_there:
        return forms.signed_out(SIGN_IN)
    # The provider's own session is still open: say so, and lead there. A form must not.
    g.caller = None
    address = provider_sign_out.address(resources(), forms.own_address(SIGN_IN), token)
    response = make_response(render_template("sign_in/signed_out.html", address=address))
    cookies.forget_session(response)
    return response


@blueprint.post("/account/act")
@signed_in()
def act() -> Response:
    """Nothing but an act: what a person types or points at in a page keeps them signed in."""
    return Response(status=204)


@blueprint.get("/account/session")
@signed_in()
def session() -> Response:
    """The token of the session in use, for a page that was open while its person signed in again."""
    return jsonify(csrf_token=g.csrf_token)

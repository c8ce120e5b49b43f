"""Signing in with an OpenID provider: away to it, back from it, and its word that a person signed out."""

from flask import Response, render_template, request

from shared.domain.errors import NotAuthenticated
from shared.http import cookies
from shared.http.access import Policy, declare
from shared.outbound.identity_provider import NotAccepted
from shared.services.sign_in import provider, provider_sign_out
from web.access import client, public, resources
from web.pages import Pages, error_page
from web.sign_in import forms

_START, _BACK = "/sign-in/provider", "/sign-in/provider/callback"
blueprint = Pages("provider", __name__)


@blueprint.get(_START)
@public
def start() -> Response:
    """To the provider. A link, not a form: the page's policy lets no form lead to another server."""
    invitation = request.args.get("invitation", "")
    address, started = provider.start(resources(), forms.own_address(_BACK), forms.wanted_path(), invitation)
    response = forms.to(address)
    cookies.set_provider(response, started)
    return response


@blueprint.get(_BACK)
@public
def back() -> Response | str:
    """Begins the session of the person who comes back."""
    code, state = request.args.get("code", ""), request.args.get("state", "")
    started = request.cookies.get(cookies.PROVIDER, "")
    if not code:
        raise NotAccepted("provider_refused")
    try:
        session, then = provider.finish(resources(), started, state, code, forms.own_address(_BACK), client())
    except NotAuthenticated as error:
        return error_page(403, error.detail)
    # The browser came from another server: some would hold the new cookie back from a redirect.
    response = Response(render_template("sign_in/welcome_back.html", then=then))
    cookies.set_session(response, session.secret)
    cookies.forget_provider(response)
    return response


@blueprint.post("/sign-in/provider/back-channel")
@declare(Policy(public=True))
def signed_out_there() -> Response:
    """Ends a session, or all of a person, on the provider's word (its token says which)."""
    try:
        provider_sign_out.obey(resources(), forms.field("logout_token"))
    except NotAccepted as error:
        return error_page(400, error.detail)  # the status that the protocol wants
    return Response(status=200)

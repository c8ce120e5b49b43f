"""The first administrator, who has a one-time code from the server's terminal."""

from flask import Response, render_template

from shared.domain.errors import InvalidInput, LimitReached, NotFound
from shared.services.sign_in import invitations
from web.access import client, public, resources
from web.pages import Pages
from web.sign_in import forms

_TEMPLATE = "sign_in/first_administrator.html"
blueprint = Pages("first_administrator", __name__)


@blueprint.get("/first-administrator")
@public
def form() -> str:
    """Asks for the code, a name and a passphrase; there is no such page once it has been used."""
    if not invitations.first_is_awaited(resources()):
        raise NotFound("No first administrator is awaited. Sign in, or ask an administrator to invite you.")
    return render_template(_TEMPLATE, problem=None, fields={}, code="", person_name="", login_name="")


@blueprint.post("/first-administrator")
@public
def accept() -> Response:
    """Makes the login and signs in."""
    code, person_name, login_name = (forms.field(name) for name in ("code", "person_name", "login_name"))
    try:
        session = invitations.accept(
            resources(), code, person_name, login_name, forms.field("passphrase"), client()
        )
    except (InvalidInput, LimitReached) as error:
        return forms.again(_TEMPLATE, error, code=code, person_name=person_name, login_name=login_name)
    return forms.signed_in(session, forms.START)

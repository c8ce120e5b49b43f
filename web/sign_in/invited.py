"""People who come with a one-time code: the first administrator, and whom an administrator invited."""

from typing import Any

from flask import Response, render_template

from shared.domain.errors import InvalidInput, LimitReached, NotFound
from shared.services.sign_in import invitations, provider
from web.access import client, public, resources
from web.pages import Pages
from web.sign_in import forms
from web.translation import gettext

_TEMPLATE = "sign_in/invited.html"
_EMPTY: dict[str, Any] = {"problem": None, "fields": {}, "person_name": "", "login_name": ""}
blueprint = Pages("invited", __name__)


@blueprint.get("/first-administrator")
@public
def first_form() -> str:
    """Asks for the code, a name and a passphrase; there is no such page once it has been used."""
    if not invitations.first_is_awaited(resources()):
        raise NotFound(
            gettext("No first administrator is awaited. Sign in, or ask an administrator to invite you.")
        )
    return render_template(_TEMPLATE, **_EMPTY, code="", is_first=True, provider=False)


@blueprint.post("/first-administrator")
@public
def first() -> Response:
    """Makes the administrator's login and signs in."""
    return _accept(forms.field("code"), is_first=True)


@blueprint.get("/invitation/<code>")
@public
def form(code: str) -> str:
    """Asks the invited person for a name and a passphrase."""
    return render_template(
        _TEMPLATE, **_EMPTY, code=code, is_first=False, provider=provider.is_offered(resources())
    )


@blueprint.post("/invitation/<code>")
@public
def accept(code: str) -> Response:
    """Makes the login of the invited person and signs in."""
    return _accept(code, is_first=False)


def _accept(code: str, *, is_first: bool) -> Response:
    person_name, login_name = forms.field("person_name"), forms.field("login_name")
    try:
        session, person = invitations.accept(
            resources(), code, person_name, login_name, forms.field("passphrase"), client()
        )
    except (InvalidInput, LimitReached) as error:
        known: dict[str, Any] = {
            "code": code,
            "person_name": person_name,
            "login_name": login_name,
            "is_first": is_first,
            "provider": False,
        }
        return forms.again(_TEMPLATE, error, **known)
    return forms.signed_in(session, forms.START, person)

"""The second factor: asked for at sign-in and before what matters most, set up, removed."""

import segno
from flask import Response, make_response, render_template
from markupsafe import Markup

from shared.domain.errors import InvalidInput, LimitReached
from shared.http import cookies
from shared.services.sign_in import provider, second_factor
from web.access import caller, resources, signed_in
from web.pages import CONFIRM, SECOND_FACTOR, Pages
from web.sign_in import forms

_ASK, _SET_UP, _CODES = "sign_in/confirm.html", "sign_in/set_up_app.html", "sign_in/recovery_codes.html"
_ACCOUNT, _OWN = "/account", "/account/second-factor"
blueprint = Pages("second_factor", __name__)


@blueprint.get(SECOND_FACTOR)
@signed_in(incomplete=True)
def ask_at_sign_in() -> Response | str:
    """Asks for the second factor, or leads to where one is set up."""
    if caller().is_complete:
        return forms.to(forms.wanted_path())
    if not second_factor.factors(resources(), caller()).any:
        return forms.to(_OWN)
    return render_template(_ASK, problem=None, fields={}, **_asked(SECOND_FACTOR))


@blueprint.post(SECOND_FACTOR)
@signed_in(incomplete=True)
def show_at_sign_in() -> Response:
    """Completes the sign-in with a code."""
    return _confirm(SECOND_FACTOR)


@blueprint.get(CONFIRM)
@signed_in()
def ask_again() -> str:
    """Asks for a factor before something that needs one."""
    return render_template(_ASK, problem=None, fields={}, **_asked(CONFIRM))


@blueprint.post(CONFIRM)
@signed_in()
def show_again() -> Response:
    """Makes the session fresh for a quarter of an hour."""
    return _confirm(CONFIRM)


@blueprint.get(_OWN)
@signed_in(incomplete=True)
def set_up() -> Response | str:
    """Offers a passkey, and an authenticator app's QR code; leads on where there is an app already."""
    found = second_factor.factors(resources(), caller())
    if found.any and not caller().is_complete:
        return forms.to(SECOND_FACTOR)
    if found.app_since is not None:
        return forms.to(_ACCOUNT)
    return render_template(_SET_UP, problem=None, fields={}, **_offered())


@blueprint.post(_OWN)
@signed_in(incomplete=True)
def add() -> Response:
    """Takes the app into use, and shows the recovery codes once."""
    try:
        session, codes = second_factor.add_app(resources(), caller(), forms.field("shown"))
    except (InvalidInput, LimitReached) as error:
        return forms.again(_SET_UP, error, **_offered())
    response = make_response(render_template(_CODES, codes=codes))
    cookies.set_session(response, session.secret)
    return response


@blueprint.post("/account/second-factor/remove")
@signed_in(fresh=True)
def remove() -> Response:
    """Removes the app."""
    second_factor.remove_app(resources(), caller())
    return forms.to(f"{_ACCOUNT}?done=factor_removed")


@blueprint.post("/account/recovery-codes")
@signed_in(fresh=True)
def make_codes() -> str:
    """Makes other recovery codes, and shows them once."""
    return render_template(_CODES, codes=second_factor.new_codes(resources(), caller()))


def _confirm(page: str) -> Response:
    try:
        session = second_factor.confirm(resources(), caller(), forms.field("shown"))
    except (InvalidInput, LimitReached) as error:
        return forms.again(_ASK, error, **_asked(page))
    return forms.signed_in(session, forms.wanted_path())


def _asked(page: str) -> dict[str, object]:
    factors = second_factor.factors(resources(), caller())
    at_sign_in = page == SECOND_FACTOR
    return {"next": forms.wanted_path(), "page": page, "factors": factors, "at_sign_in": at_sign_in} | {
        "provider": provider.is_offered(resources())
    }


def _offered() -> dict[str, object]:
    offer = second_factor.offer(resources(), caller())
    # Elements and numbers alone, from our own library: nothing of the address is markup.
    picture = Markup(segno.make(offer.address).svg_inline(scale=5, light="#fff", border=3))  # noqa: S704
    groups = " ".join(offer.secret[at : at + 4] for at in range(0, len(offer.secret), 4))
    return {"picture": picture, "secret": groups}

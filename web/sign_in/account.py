"""A person's own account: passphrase, factors, devices, and what the trail says of their sign-in."""

from typing import Any
from uuid import UUID

from flask import Response, render_template, request

from shared.domain.errors import InvalidInput, LimitReached
from shared.domain.preferences import THEMES
from shared.services.accounts import api_keys, preferences
from shared.services.sign_in import browser_sessions, passkeys, second_factor, signing_in, trail
from web import form_values
from web.access import caller, client, resources, signed_in
from web.pages import SIGN_IN, Pages
from web.sign_in import forms
from web.translation import gettext, mark

_TEMPLATE = "sign_in/account.html"
_ACCOUNT = "/account"
_DONE = {
    "passphrase": mark("Your passphrase is changed. All other devices are signed out."),
    "ended": mark("The device is signed out."),
    "others": mark("All other devices are signed out."),
    "factor_removed": mark("The authenticator app is removed."),
    "passkey": mark("The passkey is added."),
    "passkey_removed": mark("The passkey is removed."),
    "preferences": mark("Your theme is saved for all your computers."),
}
blueprint = Pages("account", __name__)


@blueprint.get(_ACCOUNT)
@signed_in()
def page() -> str:
    """Devices, factors, passphrase, trail."""
    return render_template(_TEMPLATE, **_shown(), problem=None, fields={})


@blueprint.post("/account/passphrase")
@signed_in()
def change_passphrase() -> Response:
    """Takes another passphrase; every other device is signed out."""
    try:
        session = signing_in.change_passphrase(
            resources(), caller(), forms.field("old"), forms.field("passphrase"), client()
        )
    except (InvalidInput, LimitReached) as error:
        return forms.again(_TEMPLATE, error, **_shown())
    return forms.signed_in(session, f"{_ACCOUNT}?done=passphrase", caller().therapist_id)


@blueprint.post("/account/preferences")
@signed_in()
def change_preferences() -> Response:
    """Keeps how the person likes the pages."""
    theme = form_values.choice("theme", gettext("Theme"), THEMES)
    preferences.change(resources(), caller(), {"theme": theme})
    return forms.to(f"{_ACCOUNT}?done=preferences")


@blueprint.post("/account/devices/<id:browser_session_id>/end")
@signed_in()
def end_device(browser_session_id: UUID) -> Response:
    """Signs one device out."""
    browser_sessions.end(resources(), caller(), browser_session_id)
    if browser_session_id == caller().key_id:
        return forms.signed_out(SIGN_IN)
    return forms.to(f"{_ACCOUNT}?done=ended")


@blueprint.post("/account/devices/end-others")
@signed_in()
def end_other_devices() -> Response:
    """Signs all devices out but this one."""
    browser_sessions.end_others(resources(), caller())
    return forms.to(f"{_ACCOUNT}?done=others")


def _shown() -> dict[str, Any]:
    return {
        "devices": browser_sessions.devices(resources(), caller()),
        "passkeys": passkeys.listed(resources(), caller()),
        "factors": second_factor.factors(resources(), caller()),
        "events": trail.events(resources(), caller()),
        "keys": api_keys.acting_for(resources(), caller()),
        "done": gettext(_DONE.get(request.args.get("done", ""), "")),
    }

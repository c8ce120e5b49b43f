"""A person's own account: passphrase, devices, and what the trail says of their sign-in."""

from typing import Any
from uuid import UUID

from flask import Response, make_response, render_template, request
from werkzeug.utils import redirect

from shared.domain.errors import InvalidInput, LimitReached
from shared.http import cookies
from shared.services.sign_in import browser_sessions, signing_in
from web.access import caller, client, resources, signed_in
from web.pages import SIGN_IN, Pages
from web.sign_in import forms

_TEMPLATE = "sign_in/account.html"
_ACCOUNT = "/account"
_DONE = {
    "passphrase": "Your passphrase is changed. All other devices are signed out.",
    "ended": "The device is signed out.",
    "others": "All other devices are signed out.",
}
_WORDS = {
    browser_sessions.SIGN_IN: "Signed in",
    browser_sessions.SIGN_OUT: "Signed out",
    browser_sessions.FAILED: "A wrong passphrase was tried",
    browser_sessions.END: "A device was signed out",
    browser_sessions.END_OTHERS: "All other devices were signed out",
    browser_sessions.PASSPHRASE_CHANGE: "Passphrase changed",
    browser_sessions.FIRST_SIGN_IN: "Login created",
}
blueprint = Pages("account", __name__)


@blueprint.get(_ACCOUNT)
@signed_in()
def page() -> str:
    """Devices, passphrase, trail."""
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
    return forms.signed_in(session, f"{_ACCOUNT}?done=passphrase")


@blueprint.post("/account/devices/<id:browser_session_id>/end")
@signed_in()
def end_device(browser_session_id: UUID) -> Response:
    """Signs one device out."""
    browser_sessions.end(resources(), caller(), browser_session_id)
    if browser_session_id != caller().key_id:
        return make_response(redirect(f"{_ACCOUNT}?done=ended", 303))
    response = make_response(redirect(SIGN_IN, 303))
    cookies.forget_session(response)
    return response


@blueprint.post("/account/devices/end-others")
@signed_in()
def end_other_devices() -> Response:
    """Signs all devices out but this one."""
    browser_sessions.end_others(resources(), caller())
    return make_response(redirect(f"{_ACCOUNT}?done=others", 303))


def _shown() -> dict[str, Any]:
    events = browser_sessions.events(resources(), caller())
    return {
        "devices": browser_sessions.devices(resources(), caller()),
        "events": [(event.at, _WORDS[event.action]) for event in events],
        "done": _DONE.get(request.args.get("done", "")),
    }

"""What the page's script asks about passkeys, as JSON; errors too."""

from typing import Any
from uuid import UUID

from flask import Response, jsonify, request

from shared.domain.errors import DomainError
from shared.http import cookies, csrf
from shared.services.sign_in import passkeys, second_factor
from shared.services.sign_in.browser_sessions import NewSession
from web.access import caller, client, public, resources, signed_in
from web.pages import Pages, status_of
from web.sign_in import forms

blueprint = Pages("passkeys", __name__)


@blueprint.post("/passkeys/challenge")
@public
def challenge() -> Response:
    """What the browser needs to show a passkey."""
    return jsonify(passkeys.begin_showing(resources()))


@blueprint.post("/sign-in/passkey")
@public
def sign_in() -> Response:
    """Signs the owner of the passkey in."""
    try:
        session, _ = passkeys.sign_in(resources(), _sent("credential"), client())
    except DomainError as error:
        return _problem(error)
    return _renewed(session, next=forms.wanted_path(_text("next")))


@blueprint.post("/confirm/passkey")
@signed_in(incomplete=True)
def confirm() -> Response:
    """Completes a sign-in, or makes the session fresh."""
    try:
        session = passkeys.confirm(resources(), caller(), _sent("credential"))
    except DomainError as error:
        return _problem(error)
    return _renewed(session, next=forms.wanted_path(_text("next")))


@blueprint.post("/account/passkeys/challenge")
@signed_in(incomplete=True)
def challenge_to_add() -> Response:
    """What the browser needs to make a passkey."""
    try:
        return jsonify(passkeys.begin_adding(resources(), caller()))
    except DomainError as error:
        return _problem(error)


@blueprint.post("/account/passkeys")
@signed_in(incomplete=True)
def add() -> Response:
    """Keeps a new passkey; after the first one, recovery codes are to be made."""
    try:
        session = passkeys.add(resources(), caller(), _text("name"), _sent("credential"))
    except DomainError as error:
        return _problem(error)
    if second_factor.factors(resources(), caller()).codes_left:
        return _renewed(session, next="/account?done=passkey")
    return _renewed(session, csrf_token=csrf.token_for(resources().vault.keys.pepper, session.secret))


@blueprint.post("/account/passkeys/<id:passkey_id>/remove")
@signed_in(fresh=True)
def remove(passkey_id: UUID) -> Response:
    """Removes a passkey."""
    passkeys.remove(resources(), caller(), passkey_id)
    return forms.to("/account?done=passkey_removed")


def _renewed(session: NewSession, **said: str) -> Response:
    response = jsonify(said)
    cookies.set_session(response, session.secret)
    return response


def _problem(error: DomainError) -> Response:
    response = jsonify(code=error.code, detail=error.detail)
    response.status_code = status_of(error)
    return response


def _body() -> dict[str, Any]:
    sent = request.get_json(silent=True)
    return sent if isinstance(sent, dict) else {}


def _sent(name: str) -> dict[str, Any]:
    value = _body().get(name)
    return value if isinstance(value, dict) else {}


def _text(name: str) -> str:
    value = _body().get(name)
    return value if isinstance(value, str) else ""

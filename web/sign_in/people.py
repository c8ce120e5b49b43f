"""The people of a practice and how they sign in, for administrators."""

from uuid import UUID

from flask import Response, render_template, request

from shared.domain.errors import InvalidInput
from shared.domain.provider_roles import RoleClaims
from shared.services.access.caller import Scope
from shared.services.accounts import people as accounts
from shared.services.sign_in import (
    browser_sessions,
    idle,
    invitations,
    provider,
    provider_roles,
    second_factor,
)
from web import form_values
from web.access import caller, resources, signed_in
from web.pages import Pages
from web.sign_in import forms
from web.translation import gettext, mark

_TEMPLATE = "sign_in/people.html"
_PEOPLE = "/people"
_LONGEST_CLAIM = 200
_DONE = {
    "disabled": mark("The person is disabled, and signed out everywhere."),
    "enabled": mark("The person is enabled."),
    "reset": mark(
        "The factor is removed, and the person is signed out everywhere. Their history tells them."
    ),
    "provider": mark("How your practice signs in is changed."),
    "roles": mark("Where roles come from is changed."),
    "idle": mark("The time is changed."),
}
blueprint = Pages("people", __name__)


@blueprint.get(_PEOPLE)
@signed_in(Scope.PEOPLE)
def page() -> str:
    """Everybody, with what can be done about their sign-in."""
    return render_template(_TEMPLATE, **_shown(), problem=None, fields={}, link=None, new_name="")


@blueprint.post(_PEOPLE)
@signed_in(Scope.PEOPLE)
def invite_new() -> Response | str:
    """Adds a person, and shows the link with which they come, once."""
    name = forms.field("person_name")
    try:
        code = invitations.invite_new(resources(), caller(), name, forms.field("role"))
    except InvalidInput as error:
        return forms.again(_TEMPLATE, error, **_shown(), link=None, new_name=name)
    return _with_link(code)


@blueprint.post("/people/<id:therapist_id>/invite")
@signed_in(Scope.PEOPLE)
def invite(therapist_id: UUID) -> str:
    """Shows a link with which the person chooses a login name and a passphrase, once."""
    return _with_link(invitations.invite(resources(), caller(), therapist_id))


@blueprint.post("/people/<id:therapist_id>/disable")
@signed_in(Scope.PEOPLE)
def disable(therapist_id: UUID) -> Response:
    """Ends a person's keys and sessions, from the next request on."""
    accounts.change(resources(), caller(), therapist_id, {"disabled": True})
    return forms.to(f"{_PEOPLE}?done=disabled")


@blueprint.post("/people/<id:therapist_id>/enable")
@signed_in(Scope.PEOPLE)
def enable(therapist_id: UUID) -> Response:
    """Takes the person's keys and passphrase again."""
    accounts.change(resources(), caller(), therapist_id, {"disabled": False})
    return forms.to(f"{_PEOPLE}?done=enabled")


@blueprint.post("/people/<id:therapist_id>/reset-factor")
@signed_in(Scope.PEOPLE)
def reset_factor(therapist_id: UUID) -> Response:
    """Removes the app or the passkeys of a person who lost them; they set up others at their next sign-in."""
    second_factor.reset(resources(), caller(), therapist_id, forms.field("factor"))
    return forms.to(f"{_PEOPLE}?done=reset")


@blueprint.post("/people/idle")
@signed_in(Scope.PEOPLE)
def change_idle() -> Response:
    """Changes after how long without an act people are signed out."""
    try:
        idle.change(resources(), caller(), forms.field("idle_minutes"))
    except InvalidInput as error:
        return forms.again(_TEMPLATE, error, **_shown(), link=None, new_name="")
    return forms.to(f"{_PEOPLE}?done=idle")


@blueprint.post("/people/provider")
@signed_in(Scope.PEOPLE)
def change_provider() -> Response:
    """Has everybody in the practice sign in with the OpenID provider alone, or not."""
    try:
        provider.require(resources(), caller(), required=forms.field("only") == "yes")
    except InvalidInput as error:
        return forms.again(_TEMPLATE, error, **_shown(), link=None, new_name="")
    return forms.to(f"{_PEOPLE}?done=provider")


@blueprint.post("/people/provider-roles")
@signed_in(Scope.PEOPLE)
def change_provider_roles() -> Response | str:
    """Sets which claim of the provider gives people their roles; an empty one: none does."""
    try:
        wanted = _role_claims()
    except InvalidInput as error:
        return forms.again(_TEMPLATE, error, **_shown(), link=None, new_name="")
    provider_roles.change(resources(), caller(), wanted)
    return forms.to(f"{_PEOPLE}?done=roles")


def _role_claims() -> RoleClaims | None:
    claim = form_values.optional_text("claim", gettext("The claim"), _LONGEST_CLAIM)
    if claim is None:
        return None
    therapists = form_values.text("therapists", gettext("The value of therapists"), _LONGEST_CLAIM)
    administrators = form_values.optional_text(
        "administrators", gettext("The value of administrators"), _LONGEST_CLAIM
    )
    return RoleClaims(claim, therapists, administrators)


def _with_link(code: str) -> str:
    link = forms.own_address(f"/invitation/{code}")
    return render_template(_TEMPLATE, **_shown(), problem=None, fields={}, link=link, new_name="")


def _shown() -> dict[str, object]:
    return {
        "people": invitations.people(resources(), caller()),
        "elsewhere": browser_sessions.begun_elsewhere(resources(), caller()),
        "idle_minutes": idle.minutes(resources(), caller()),
        "provider_offered": provider.is_offered(resources()),
        "provider_only": provider.is_required(resources(), caller()),
        "roles": provider_roles.get(resources(), caller()),
        "idle_from": browser_sessions.IDLE_MINUTES[0],
        "idle_to": browser_sessions.IDLE_MINUTES[1],
        "done": gettext(_DONE.get(request.args.get("done", ""), "")),
    }

"""Legal holds, for administrators: what is on hold, a new one, and lifting by two of them."""

from uuid import UUID

from flask import Response, make_response, render_template, request
from werkzeug.wrappers import Response as Redirect

from shared.domain.errors import InvalidInput, NotFound
from shared.services.access.caller import Scope
from shared.services.accounts import people
from shared.services.retention import holds
from shared.services.retention.holds import Target
from web import form_values
from web.access import caller, resources, signed_in
from web.pages import Pages, status_of
from web.translation import gettext

blueprint = Pages("hold_pages", __name__)

LONGEST_MATTER, LONGEST_REASON = 200, 2000


@blueprint.get("/holds")
@signed_in(Scope.HOLDS, Scope.PEOPLE)
def page() -> str:
    """The holds in force, or with those that were lifted."""
    lifted_too = request.args.get("lifted") == "true"
    return render_template(
        "practice/holds.html",
        holds=holds.listed(resources(), caller(), lifted_too=lifted_too),
        names={person.id: person.name for person in people.listed(resources(), caller())},
        lifted_too=lifted_too,
    )


@blueprint.get("/holds/new")
@signed_in(Scope.HOLDS, fresh=True)
def new() -> str:
    """The form of a new hold; it asks for the factor first, so that no typed reason is lost."""
    return render_template("practice/hold.html", given={}, problem=None)


@blueprint.post("/holds/new")
@signed_in(Scope.HOLDS, fresh=True)
def place() -> Response | Redirect:
    """Put a patient or a session on hold."""
    try:
        holds.place(
            resources(),
            caller(),
            _target(),
            matter=form_values.text("matter", gettext("The matter"), LONGEST_MATTER),
            reason=form_values.text("reason", gettext("The reason"), LONGEST_REASON, lines=True),
            review_on=form_values.day("review_on", gettext("The review")).date(),
        )
    except (InvalidInput, NotFound) as error:
        page = render_template("practice/hold.html", given=request.form, problem=error.detail)
        return make_response(page, status_of(error))
    return form_values.see("/holds")


def _target() -> Target:
    try:
        record_id = UUID(request.form.get("record", "").strip())
    except ValueError:
        raise InvalidInput(gettext("The id: send the id of a patient or of a session.")) from None
    if request.form.get("kind") == "session":
        return Target(session_id=record_id)
    return Target(patient_id=record_id)


@blueprint.post("/holds/<id:hold_id>/review")
@signed_in(Scope.HOLDS)
def review(hold_id: UUID) -> Redirect:
    """Set the day of the next review."""
    holds.review(resources(), caller(), hold_id, form_values.day("review_on", gettext("The review")).date())
    return form_values.see("/holds")


@blueprint.post("/holds/<id:hold_id>/lift")
@signed_in(Scope.HOLDS, fresh=True)
def ask_to_lift(hold_id: UUID) -> Redirect:
    """Ask for the hold to be lifted."""
    holds.ask_to_lift(resources(), caller(), hold_id)
    return form_values.see("/holds")


@blueprint.post("/holds/<id:hold_id>/confirm")
@signed_in(Scope.HOLDS, fresh=True)
def confirm_lift(hold_id: UUID) -> Redirect:
    """Lift the hold that another administrator asked to lift."""
    holds.confirm_lift(resources(), caller(), hold_id)
    return form_values.see("/holds")


@blueprint.post("/holds/<id:hold_id>/keep")
@signed_in(Scope.HOLDS)
def keep(hold_id: UUID) -> Redirect:
    """Take back that the hold is to be lifted."""
    holds.keep(resources(), caller(), hold_id)
    return form_values.see("/holds")

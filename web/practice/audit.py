"""The audit trail, for administrators: ids and what was done with them, never a word of a record."""

from uuid import UUID

from flask import render_template, request

from shared.services.access.caller import Scope
from shared.services.accounts import people
from shared.services.operations import trail
from web.access import caller, resources, signed_in
from web.pages import Pages

blueprint = Pages("audit", __name__)


@blueprint.get("/audit")
@signed_in(Scope.OPERATIONS, Scope.PEOPLE)
def page() -> str:
    """The newest lines, by person and record if that is wanted."""
    person, subject = request.args.get("person", type=UUID), request.args.get("record", type=UUID)
    lines = trail.page(
        resources(),
        caller(),
        before=request.args.get("before", type=int),
        person_id=person,
        subject_id=subject,
    )
    return render_template(
        "practice/audit.html",
        lines=lines,
        people=people.listed(resources(), caller()),
        person=person,
        record=subject,
        older=lines[-1].id if len(lines) == trail.PAGE else None,
    )

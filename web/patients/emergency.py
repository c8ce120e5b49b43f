"""Emergency access: a colleague's patient is opened with a reason, read, and closed."""

from typing import Any
from uuid import UUID

from flask import Response, make_response, render_template
from werkzeug.wrappers import Response as Redirect

from shared.domain.errors import Conflict, InvalidInput, NotFound
from shared.services import patients
from shared.services.access import emergency
from shared.services.access.caller import Scope
from shared.services.sessions import reading as sessions
from web import form_values
from web.access import caller, resources, signed_in
from web.pages import Pages
from web.translation import gettext

blueprint = Pages("emergency_pages", __name__)

LONGEST_NAME, LONGEST_REASON = 200, 2000
MOST_SESSIONS = 100


@blueprint.get("/emergency-access")
@signed_in(Scope.EMERGENCY, Scope.PATIENTS_READ)
def page() -> str:
    """The caller's accesses, and the form for another."""
    return render_template("patients/emergency.html", **_listed(), problem=None)


@blueprint.post("/emergency-access")
@signed_in(Scope.EMERGENCY, fresh=True)
def begin() -> Response | Redirect:
    """Open a colleague's patient by their whole name."""
    try:
        name = form_values.text("name", gettext("The name"), LONGEST_NAME)
        reason = form_values.text("reason", gettext("The reason"), LONGEST_REASON, lines=True)
        made = emergency.begin(resources(), caller(), reason, patient_id=None, name=name)
    except (InvalidInput, NotFound, Conflict) as error:
        page = render_template("patients/emergency.html", **_listed(), problem=error.detail)
        return make_response(page, 422)
    return form_values.see(f"/emergency-access/{made.id}")


@blueprint.get("/emergency-access/<id:access_id>")
@signed_in(Scope.EMERGENCY, Scope.PATIENTS_READ, Scope.SESSIONS_READ, Scope.NOTES_READ)
def record(access_id: UUID) -> str:
    """The patient's sessions with what was noted, while the access lasts."""
    narrow, who, patient_id = emergency.reading(resources(), caller(), access_id)
    found = patients.get(narrow, who, patient_id)
    listed = sessions.page(narrow, who, sessions.Wanted(patient_id), limit=MOST_SESSIONS)
    whole = [sessions.get(narrow, who, one.row.id) for one in listed.items]
    return render_template(
        "patients/emergency_record.html", patient=found, sessions=whole, access_id=access_id
    )


@blueprint.post("/emergency-access/<id:access_id>/end")
@signed_in(Scope.PATIENTS_READ)
def end(access_id: UUID) -> Redirect:
    """End an access before its time."""
    emergency.end(resources(), caller(), access_id)
    return form_values.see("/emergency-access")


@blueprint.post("/emergency-access/<id:access_id>/seen")
@signed_in(Scope.PATIENTS_READ)
def seen(access_id: UUID) -> Redirect:
    """Acknowledge an access to the caller's patient."""
    emergency.acknowledge(resources(), caller(), access_id)
    return form_values.see("/today")


def _listed() -> dict[str, Any]:
    mine = [
        one for one in emergency.listed(resources(), caller()) if one.therapist_id == caller().therapist_id
    ]
    return {"accesses": mine}

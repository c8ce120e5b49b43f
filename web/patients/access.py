"""Who saw a patient's record, to whom something of it was given, and a form to record that."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Response, make_response, render_template, request
from werkzeug.wrappers import Response as Redirect

from shared.domain.disclosures import PURPOSES
from shared.domain.errors import InvalidInput
from shared.services.access.caller import Scope
from shared.services.audit_trail import access_log, disclosures
from web import form_values
from web.access import caller, resources, signed_in
from web.pages import Pages
from web.translation import gettext, pgettext

blueprint = Pages("access_pages", __name__)

LONGEST = 300


@blueprint.get("/patients/<id:patient_id>/access")
@signed_in(Scope.PATIENTS_READ)
def page(patient_id: UUID) -> str:
    """Who saw the record, and to whom something of it was given."""
    return render_template("patients/access.html", **_shown(patient_id), given={}, problem=None)


@blueprint.post("/patients/<id:patient_id>/disclosures")
@signed_in(Scope.PATIENTS_WRITE)
def record(patient_id: UUID) -> Response | Redirect:
    """Record that something of the record was given to another."""
    try:
        disclosures.record(resources(), caller(), patient_id, _new())
    except InvalidInput as error:
        shown = {**_shown(patient_id), "given": request.form, "problem": _said(error)}
        return make_response(render_template("patients/access.html", **shown), 422)
    return form_values.see(f"/patients/{patient_id}/access")


def _new() -> disclosures.New:
    return disclosures.New(
        recipient=form_values.text("recipient", gettext("To whom"), LONGEST),
        what=form_values.text("what", gettext("What was given"), LONGEST),
        purpose=form_values.choice("purpose", gettext("Why"), PURPOSES),
        at=form_values.day("on", pgettext("date", "On")) if request.form.get("on") else None,
    )


def _said(error: InvalidInput) -> str:
    return gettext("On: the day is still to come.") if error.code == "date_in_future" else error.detail


def _shown(patient_id: UUID) -> dict[str, Any]:
    since, until = _day("since"), _day("until")
    return {
        "log": access_log.read(resources(), caller(), patient_id, since=since, until=until),
        "disclosures": disclosures.listed(resources(), caller(), patient_id, since=since, until=until),
        "purposes": PURPOSES,
        "asked": {name: request.args.get(name, "") for name in ("since", "until")},
        "query": urlencode({n: d.isoformat() for n, d in (("since", since), ("until", until)) if d}),
    }


def _day(name: str) -> datetime | None:
    return request.args.get(name, type=form_values.utc_day)

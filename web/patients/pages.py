"""Patients: the list, a new one, one with their sessions and consent."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Response, make_response, render_template, request
from werkzeug.wrappers import Response as Redirect

from shared.domain.errors import InvalidInput
from shared.services import patients
from shared.services.access import consent, ownership
from shared.services.access.caller import Scope
from shared.services.patients import CONSENT_METHODS, Consent
from shared.services.sessions import overview
from shared.services.sessions import reading as sessions
from shared.services.sessions.reading import Record
from shared.services.uploads import joining, unfinished
from web import form_values
from web.access import caller, resources, signed_in
from web.pages import Pages
from web.translation import gettext

blueprint = Pages("patient_pages", __name__)

LONGEST_NAME = 200
MOST_SESSIONS = 100
MOST_TO_CONTINUE = 2


@blueprint.get("/patients")
@signed_in(Scope.PATIENTS_READ, Scope.SESSIONS_READ)
def listing() -> str:
    """All patients by name."""
    return render_template("patients/list.html", **_listed(), problem=None, fields={})


@blueprint.post("/patients")
@signed_in(Scope.PATIENTS_WRITE)
def create() -> Response | Redirect:
    """A new patient, with the consent if there is one."""
    try:
        name = form_values.text("name", gettext("The name"), LONGEST_NAME)
        made = patients.create(resources(), caller(), name, _consent())
    except InvalidInput as error:
        page = render_template("patients/list.html", **_listed(), problem=error.detail, fields=error.fields)
        return make_response(page, 422)
    return form_values.see(f"/patients/{made.id}")


def _listed() -> dict[str, Any]:
    return {
        "lines": overview.patient_lines(resources(), caller()),
        "methods": CONSENT_METHODS,
        "name": request.form.get("name", ""),
    }


def _consent() -> Consent:
    """The consent that a form tells of; none where it is not ticked."""
    if request.form.get("consented") != "yes":
        return Consent()
    return Consent(form_values.day("given_on", gettext("The day of the consent")), _method())


@blueprint.get("/patients/<id:patient_id>")
@signed_in(Scope.PATIENTS_READ, Scope.SESSIONS_READ)
def page(patient_id: UUID) -> str:
    """One patient: consent, upload, sessions from the newest."""
    return render_template("patients/patient.html", **_shown(patient_id), problem=None)


def _shown(patient_id: UUID) -> dict[str, Any]:
    found = patients.get(resources(), caller(), patient_id)
    is_open, first, last = request.args.get("open") == "true", _day("from"), _day("to")
    wanted = sessions.Wanted(
        patient_id, date_from=first, date_before=last and last + timedelta(days=1), is_open=is_open
    )
    listed = sessions.page(resources(), caller(), wanted, limit=MOST_SESSIONS)
    return {
        "is_filtered": is_open or first or last,
        "filters": {"open": is_open, "from": first, "to": last},
        "patient": found,
        "sessions": listed.items,
        "more": listed.next_cursor is not None,
        "unfinished": [
            one for one in unfinished.cut_off(resources(), caller()) if one.patient_id == patient_id
        ],
        "methods": CONSENT_METHODS,
        "may_record": consent.may_record(resources(), caller(), patient_id),
    }


def _day(name: str) -> datetime | None:
    """A day of the query; None for anything else, for the address may be an old bookmark."""
    return request.args.get(name, type=form_values.utc_day)


@blueprint.get("/patients/<id:patient_id>/record")
@signed_in(Scope.PATIENTS_READ, Scope.SESSIONS_WRITE)
def record(patient_id: UUID) -> Response:
    """Records a session, or goes on with one; only this page may use the microphone.

    Raises Conflict without consent, and where nothing may join the session.
    """
    consent.check(resources(), caller(), patient_id)
    found = patients.get(resources(), caller(), patient_id)
    joins = request.args.get("joins", type=UUID)
    session = joining.require(resources(), caller(), joins) if joins else None
    if session is not None and session.patient_id != patient_id:
        raise ownership.no_such_session()
    recent = [] if session else _to_continue(patient_id)
    page = render_template("patients/record.html", patient=found, session=session, recent=recent)
    response = make_response(page)
    response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(self)"
    return response


def _to_continue(patient_id: UUID) -> list[Record]:
    """The newest sessions that a further recording may join: the recorder may have died."""
    wanted = sessions.Wanted(patient_id, is_open=True)
    found = sessions.page(resources(), caller(), wanted, limit=MOST_TO_CONTINUE).items
    return [one for one in found if joining.is_possible(resources(), caller(), one.row.id)]


@blueprint.post("/patients/<id:patient_id>/consent")
@signed_in(Scope.PATIENTS_WRITE)
def change_consent(patient_id: UUID) -> Response | Redirect:
    """Record a consent, or that it was revoked."""
    changes: dict[str, Any]
    try:
        day = form_values.day("on", gettext("The day"))
        if request.form.get("do") == "revoke":
            changes = {"revoked_on": day}
        else:
            changes = {"given_on": day, "method": _method(), "revoked_on": None}
        patients.change(resources(), caller(), patient_id, changes)
    except InvalidInput as error:
        page = render_template("patients/patient.html", **_shown(patient_id), problem=error.detail)
        return make_response(page, 422)
    return form_values.see(f"/patients/{patient_id}")


def _method() -> str:
    given = request.form.get("method", "")
    if given not in CONSENT_METHODS:
        raise InvalidInput(gettext("Choose how the consent was given."))
    return given


@blueprint.post("/patients/<id:patient_id>/name")
@signed_in(Scope.PATIENTS_WRITE)
def rename(patient_id: UUID) -> Redirect:
    """Give a patient another name."""
    name = form_values.text("name", gettext("The name"), LONGEST_NAME)
    patients.change(resources(), caller(), patient_id, {"name": name})
    return form_values.see(f"/patients/{patient_id}")


@blueprint.post("/patients/<id:patient_id>/delete")
@signed_in(Scope.PATIENTS_WRITE)
def delete(patient_id: UUID) -> Redirect:
    """Forget a patient who has no sessions."""
    patients.delete(resources(), caller(), patient_id)
    return form_values.see("/patients")

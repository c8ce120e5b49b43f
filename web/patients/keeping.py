"""How long a patient's record is kept, its deletion as a whole, and the receipt."""

from datetime import date
from typing import Any
from uuid import UUID

from flask import Response, make_response, render_template, request
from werkzeug.wrappers import Response as Redirect

from shared.domain.errors import Conflict, InvalidInput
from shared.domain.retention import BIRTH_YEARS
from shared.services import patients
from shared.services.access.caller import Scope
from shared.services.retention import patient_deletion, rules
from shared.services.retention.rules import OfPatient
from web import form_values
from web.access import caller, resources, signed_in
from web.pages import Pages, status_of
from web.translation import gettext

blueprint = Pages("keeping_pages", __name__)


@blueprint.get("/patients/<id:patient_id>/keeping")
@signed_in(Scope.PATIENTS_READ)
def page(patient_id: UUID) -> str:
    """The year of birth, until when no rule removes anything, and the way to the deletion."""
    return render_template("patients/keeping.html", **_kept(patient_id), problem=None)


@blueprint.post("/patients/<id:patient_id>/keeping")
@signed_in(Scope.PATIENTS_WRITE)
def change(patient_id: UUID) -> Response | Redirect:
    """Set the year of birth and the exception; an empty field removes what was set."""
    try:
        rules.set_patient(resources(), caller(), patient_id, OfPatient(_birth_year(), _keep_until()))
    except InvalidInput as error:
        page = render_template("patients/keeping.html", **_kept(patient_id), problem=error.detail)
        return make_response(page, 422)
    return form_values.see(f"/patients/{patient_id}/keeping")


@blueprint.get("/patients/<id:patient_id>/deletion")
@signed_in(Scope.PATIENTS_WRITE, fresh=True)
def ask_to_delete(patient_id: UUID) -> str:
    """Says what a deletion removes and what stays, and asks."""
    return render_template("patients/deletion.html", **_going(patient_id), problem=None)


@blueprint.post("/patients/<id:patient_id>/deletion")
@signed_in(Scope.PATIENTS_WRITE, fresh=True)
def delete(patient_id: UUID) -> Response | Redirect:
    """Delete the patient with all that may go."""
    try:
        _require_sure()
        signed_too = request.form.get("signed_too") == "yes"
        patient_deletion.delete(resources(), caller(), patient_id, signed_too=signed_too)
    except (InvalidInput, Conflict) as error:
        page = render_template("patients/deletion.html", **_going(patient_id), problem=_said(error))
        return make_response(page, status_of(error))
    return form_values.see(f"/patients/{patient_id}/receipt")


@blueprint.get("/patients/<id:patient_id>/receipt")
@signed_in(Scope.PATIENTS_READ)
def receipt(patient_id: UUID) -> str:
    """What is left and why, and the signed receipt as a file."""
    signed = patient_deletion.receipt(resources(), caller(), patient_id)
    return render_template("patients/receipt.html", receipt=signed["receipt"])


def _require_sure() -> None:
    if request.form.get("sure") != "yes":
        raise InvalidInput(gettext("Tick the box to say that the patient is to be deleted for good."))


def _said(error: InvalidInput | Conflict) -> str:
    if error.code == "notes_signed":  # the error names a parameter of the API
        return gettext("The patient has signed notes. Tick the second box to delete them too.")
    return error.detail


def _birth_year() -> int | None:
    if not request.form.get("birth_year", "").strip():
        return None
    return form_values.number(
        "birth_year", gettext("The year of birth"), least=BIRTH_YEARS[0], most=BIRTH_YEARS[1]
    )


def _keep_until() -> date | None:
    return (
        form_values.day("keep_until", gettext("Keep until")).date()
        if request.form.get("keep_until")
        else None
    )


def _kept(patient_id: UUID) -> dict[str, Any]:
    return {
        "patient": patients.get(resources(), caller(), patient_id),
        "kept": rules.of_patient(resources(), caller(), patient_id),
        "years": BIRTH_YEARS,
    }


def _going(patient_id: UUID) -> dict[str, Any]:
    return {
        "patient": patients.get(resources(), caller(), patient_id),
        "going": patient_deletion.preview(resources(), caller(), patient_id),
    }

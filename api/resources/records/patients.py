"""Patients."""

from typing import Any
from uuid import UUID

from flask import Response, jsonify

from api import idempotency
from api.auth import caller, needs, resources
from api.http.json_bodies import Blueprint
from api.http.negotiation import JSON, attachment, varying, wanted
from api.http.pages import page_response, position
from api.openapi.document import LOCATION, NEXT_PAGE, answers, file_answer
from api.schemas.core import PageQuerySchema, PatientChangeSchema, PatientCreateSchema, PatientSchema
from api.schemas.privacy.receipts import PatientDeleteQuerySchema, ReceiptQuerySchema, SignedReceiptSchema
from shared.exports.receipt import receipt_pdf
from shared.services import patients
from shared.services.access.caller import Scope
from shared.services.idempotency import Answered
from shared.services.patients import Consent, PatientRecord
from shared.services.retention import patient_deletion

blueprint = Blueprint("patients", __name__, url_prefix="/api/patients", description="A therapist's patients.")


def _patient_again(first: Answered) -> Response:
    response = jsonify(PatientSchema().dump(patients.get(resources(), caller(), first.resource_id)))
    response.headers["Location"] = _location(first.resource_id)
    return response


@blueprint.route("", methods=["POST"])
@blueprint.doc(parameters=[idempotency.PARAMETER])
@blueprint.arguments(PatientCreateSchema)
@blueprint.response(201, PatientSchema, headers=LOCATION)
@answers(blueprint, 400, 404, 409, 415, 422)
@needs(Scope.PATIENTS_WRITE)
@idempotency.idempotent(_patient_again)
def create(given: dict[str, Any]) -> tuple[PatientRecord, int, dict[str, str]]:
    """Add a patient, with the consent to be recorded if there is one."""
    consent = Consent(**(given.get("consent") or {}))
    patient = patients.create(resources(), caller(), given["name"], consent)
    return patient, 201, {"Location": _location(patient.id)}


def _location(patient_id: UUID) -> str:
    return f"/api/patients/{patient_id}"


@blueprint.route("", methods=["GET"])
@blueprint.arguments(PageQuerySchema, location="query")
@blueprint.response(200, PatientSchema(many=True), headers=NEXT_PAGE)
@answers(blueprint, 400, 422)
@needs(Scope.PATIENTS_READ)
def list_patients(query: dict[str, Any]) -> Response:
    """The caller's patients, newest first; the next page is in the `Link` header."""
    after = position(query["cursor"], patients.LISTING)
    page = patients.page(resources(), caller(), limit=query["limit"], after=after)
    return page_response(PatientSchema(many=True).dump(page.items), page.next_cursor)


@blueprint.route("/<id:patient_id>", methods=["GET"])
@blueprint.response(200, PatientSchema)
@answers(blueprint, 404, 422)
@needs(Scope.PATIENTS_READ)
def show(patient_id: UUID) -> PatientRecord:
    """One patient."""
    return patients.get(resources(), caller(), patient_id)


@blueprint.route("/<id:patient_id>", methods=["PATCH"])
@blueprint.arguments(PatientChangeSchema)
@blueprint.response(200, PatientSchema)
@answers(blueprint, 400, 404, 415, 422)
@needs(Scope.PATIENTS_WRITE)
def change(given: dict[str, Any], patient_id: UUID) -> PatientRecord:
    """Change the name or the consent; what is not sent stays.

    Without a consent on file uploads are refused, and sessions that are worked on are cancelled.
    Who consents again has a new `given_on`, and `revoked_on` null.
    """
    changes = {**(given.pop("consent", None) or {}), **given}
    return patients.change(resources(), caller(), patient_id, changes)


@blueprint.route("/<id:patient_id>", methods=["DELETE"])
@blueprint.arguments(PatientDeleteQuerySchema, location="query")
@blueprint.response(204)
@blueprint.alt_response(200, schema=SignedReceiptSchema, description="The receipt", success=True)
@blueprint.alt_response(
    202,
    schema=SignedReceiptSchema,
    description="The receipt; something is left, or yet to follow",
    success=True,
)
@answers(blueprint, 404, 409, 422)
@needs(Scope.PATIENTS_WRITE, fresh=True)
def delete(query: dict[str, Any], patient_id: UUID) -> Response:
    """Forget a patient who has no sessions, or with `?records=delete` with all sessions.

    With sessions and without `records=delete` the answer is 409, and so it is for signed notes without
    `signed_notes=delete`, and for a patient on hold. Sessions that are on hold, or whose signed notes the
    practice's minimum keeps, stay, and the patient with them: the receipt says which and why (202).
    """
    if query["records"] is None:
        patients.delete(resources(), caller(), patient_id)
        return Response(status=204)
    signed_too = query["signed_notes"] is not None
    signed = patient_deletion.delete(resources(), caller(), patient_id, signed_too=signed_too)
    response = jsonify(signed)
    response.status_code = 200 if signed["receipt"]["complete"] else 202
    return response


@blueprint.route("/<id:patient_id>/deletion-receipt", methods=["GET"])
@blueprint.doc(responses={200: file_answer("application/pdf")})
@blueprint.arguments(ReceiptQuerySchema, location="query")
@blueprint.response(200, SignedReceiptSchema)
@answers(blueprint, 404, 406, 422)
@needs(Scope.PATIENTS_READ)
def show_receipt(query: dict[str, Any], patient_id: UUID) -> Response:
    """The receipt of a patient's deletion as of now, signed; also as PDF with the JSON attached.

    `sessionscribe verify` checks either offline.
    """
    form = wanted(query["format"], {"json": JSON, "pdf": "application/pdf"})
    signed = patient_deletion.receipt(resources(), caller(), patient_id)
    if form == "json":
        return varying(jsonify(signed))
    return attachment(receipt_pdf(signed), "application/pdf", f"deletion-{patient_id}.pdf")

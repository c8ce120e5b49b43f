"""Emergency access to a colleague's patient."""

from typing import Any
from uuid import UUID

from flask import Response, jsonify

from api import idempotency
from api.auth import caller, needs, resources
from api.http.json_bodies import Blueprint
from api.openapi.document import answers
from api.schemas.core import PatientSchema
from api.schemas.privacy.emergency import EmergencyCreateSchema, EmergencySchema
from api.schemas.recordings import session_documents
from api.schemas.recordings.sessions import SessionSchema, SessionSummarySchema
from shared.domain.errors import NotFound
from shared.services import patients
from shared.services.access import emergency
from shared.services.access.caller import Scope
from shared.services.access.emergency import Access
from shared.services.idempotency import Answered
from shared.services.paging import MAX_LIMIT
from shared.services.patients import PatientRecord
from shared.services.sessions import reading as sessions

blueprint = Blueprint(
    "emergency", __name__, url_prefix="/api/emergency-access", description="A colleague's patient."
)


def _again(first: Answered) -> Response:
    known = {one.id: one for one in emergency.listed(resources(), caller())}
    return jsonify(EmergencySchema().dump(known[first.resource_id]))


@blueprint.route("", methods=["POST"])
@blueprint.doc(parameters=[idempotency.PARAMETER])
@blueprint.arguments(EmergencyCreateSchema)
@blueprint.response(201, EmergencySchema)
@answers(blueprint, 400, 404, 409, 415, 422)
@needs(Scope.EMERGENCY, fresh=True)
@idempotency.idempotent(_again)
def begin(given: dict[str, Any]) -> tuple[Access, int]:
    """Open the record of a colleague's patient for 24 hours; the colleague is shown who did and why."""
    return emergency.begin(resources(), caller(), **given), 201


@blueprint.route("", methods=["GET"])
@blueprint.response(200, EmergencySchema(many=True))
@answers(blueprint, 422)
@needs(Scope.PATIENTS_READ)
def show_all() -> list[Access]:
    """Your own accesses, and those of others to your patients, newest first."""
    return emergency.listed(resources(), caller())


@blueprint.route("/<id:access_id>/end", methods=["POST"])
@blueprint.response(204)
@answers(blueprint, 404, 422)
@needs(Scope.PATIENTS_READ)
def end(access_id: UUID) -> None:
    """End an access before its time: its holder may, and the patient's therapist."""
    emergency.end(resources(), caller(), access_id)


@blueprint.route("/<id:access_id>/seen", methods=["POST"])
@blueprint.response(204)
@answers(blueprint, 404, 422)
@needs(Scope.PATIENTS_READ)
def seen(access_id: UUID) -> None:
    """Acknowledge an access to your patient."""
    emergency.acknowledge(resources(), caller(), access_id)


@blueprint.route("/<id:access_id>/patient", methods=["GET"])
@blueprint.response(200, PatientSchema)
@answers(blueprint, 404, 422)
@needs(Scope.EMERGENCY)
def patient(access_id: UUID) -> PatientRecord:
    """The patient, while the access lasts."""
    narrow, who, patient_id = emergency.reading(resources(), caller(), access_id)
    return patients.get(narrow, who, patient_id)


@blueprint.route("/<id:access_id>/sessions", methods=["GET"])
@blueprint.response(200, SessionSummarySchema(many=True))
@answers(blueprint, 404, 422)
@needs(Scope.EMERGENCY)
def list_sessions(access_id: UUID) -> Response:
    """The patient's newest sessions, while the access lasts."""
    narrow, who, patient_id = emergency.reading(resources(), caller(), access_id)
    page = sessions.page(narrow, who, sessions.Wanted(patient_id), limit=MAX_LIMIT)
    return jsonify([session_documents.summary(record) for record in page.items])


@blueprint.route("/<id:access_id>/sessions/<id:session_id>", methods=["GET"])
@blueprint.response(200, SessionSchema)
@answers(blueprint, 404, 422)
@needs(Scope.EMERGENCY)
def show_session(access_id: UUID, session_id: UUID) -> Response:
    """One session with transcript and notes, while the access lasts. Psychotherapy notes stay closed."""
    narrow, who, patient_id = emergency.reading(resources(), caller(), access_id)
    found = sessions.get(narrow, who, session_id)
    if found.row.patient_id != patient_id:
        raise NotFound("There is no such session.", "session_not_found")
    return jsonify(session_documents.whole(found))

"""What patients ask of their records: a copy, an amendment, a restriction."""

from typing import Any
from uuid import UUID

from flask import Response, jsonify, request

from api import idempotency
from api.auth import caller, needs, resources
from api.http.json_bodies import Blueprint
from api.openapi.document import answers
from api.schemas.privacy.rights import DecisionSchema, RightsRequestCreateSchema, RightsRequestSchema
from shared.services.access.caller import Scope
from shared.services.idempotency import Answered
from shared.services.rights import requests
from shared.services.rights.requests import Asked

blueprint = Blueprint(
    "rights", __name__, url_prefix="/api/patients", description="What patients ask of their records."
)


@blueprint.route("/<id:patient_id>/requests", methods=["GET"])
@blueprint.response(200, RightsRequestSchema(many=True))
@answers(blueprint, 404, 422)
@needs(Scope.PATIENTS_READ)
def show(patient_id: UUID) -> list[Asked]:
    """Everything that the patient asked for, oldest first."""
    return requests.listed(resources(), caller(), patient_id)


def _again(first: Answered) -> Response:
    patient_id = UUID(str((request.view_args or {})["patient_id"]))
    found = requests.get(resources(), caller(), patient_id, first.resource_id)
    return jsonify(RightsRequestSchema().dump(found))


@blueprint.route("/<id:patient_id>/requests", methods=["POST"])
@blueprint.doc(parameters=[idempotency.PARAMETER])
@blueprint.arguments(RightsRequestCreateSchema)
@blueprint.response(201, RightsRequestSchema)
@answers(blueprint, 400, 404, 409, 415, 422)
@needs(Scope.PATIENTS_WRITE)
@idempotency.idempotent(_again)
def create(given: dict[str, Any], patient_id: UUID) -> tuple[Asked, int]:
    """Note what the patient asks for, with the day on which it is due.

    A copy (`access`) and a restriction are due after 30 days, an amendment after 60. A request to amend is
    shown with the notes of its session from now on, and so is what was answered.
    """
    kind, words = given.pop("kind"), given.pop("words")
    return requests.create(resources(), caller(), patient_id, kind, words, **given), 201


@blueprint.route("/<id:patient_id>/requests/<id:request_id>/decision", methods=["POST"])
@blueprint.arguments(DecisionSchema)
@blueprint.response(200, RightsRequestSchema)
@answers(blueprint, 400, 404, 409, 415, 422)
@needs(Scope.PATIENTS_WRITE)
def decide(given: dict[str, Any], patient_id: UUID, request_id: UUID) -> Asked:
    """Say what becomes of a request; a denial needs its reason."""
    return requests.decide(resources(), caller(), patient_id, request_id, given["status"], given["answer"])

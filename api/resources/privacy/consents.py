"""Consent as a history, by scope and by participant."""

from typing import Any
from uuid import UUID

from flask import Response, jsonify

from api import idempotency
from api.auth import caller, needs, resources
from api.http.json_bodies import Blueprint
from api.openapi.document import answers
from api.schemas.privacy.consents import ConsentSayingSchema, ConsentsSchema, ParticipantCreateSchema
from shared.services.access.caller import Scope
from shared.services.consents import history
from shared.services.consents.history import Consents, Statement
from shared.services.idempotency import Answered

blueprint = Blueprint(
    "consents", __name__, url_prefix="/api/patients", description="Consent and participants."
)


@blueprint.route("/<id:patient_id>/consents", methods=["GET"])
@blueprint.response(200, ConsentsSchema)
@answers(blueprint, 404, 422)
@needs(Scope.PATIENTS_READ)
def show(patient_id: UUID) -> Consents:
    """Who takes part, what they consent to now, and everything that was said."""
    return history.read(resources(), caller(), patient_id)


def _again(first: Answered) -> Response:
    return jsonify(ConsentsSchema().dump(history.read(resources(), caller(), first.resource_id)))


@blueprint.route("/<id:patient_id>/consents", methods=["POST"])
@blueprint.doc(parameters=[idempotency.PARAMETER])
@blueprint.arguments(ConsentSayingSchema)
@blueprint.response(201, ConsentsSchema)
@answers(blueprint, 400, 404, 409, 415, 422)
@needs(Scope.PATIENTS_WRITE)
@idempotency.idempotent(_again)
def say(given: dict[str, Any], patient_id: UUID) -> tuple[Consents, int]:
    """Add to the history that consent was given or withdrawn; no row is ever changed.

    A withdrawn scope ends that use alone: without `ai_notes` no program drafts notes, without `sending_away`
    an engine on this server is used, or the work fails with `sending_away_not_consented`. Without `recording`
    uploads are refused and unfinished sessions cancelled.
    """
    statement = Statement(**given | {"scopes": tuple(given["scopes"])})
    return history.say(resources(), caller(), patient_id, statement), 201


@blueprint.route("/<id:patient_id>/participants", methods=["POST"])
@blueprint.doc(parameters=[idempotency.PARAMETER])
@blueprint.arguments(ParticipantCreateSchema)
@blueprint.response(201, ConsentsSchema)
@answers(blueprint, 400, 404, 409, 415, 422)
@needs(Scope.PATIENTS_WRITE)
@idempotency.idempotent(_again)
def add_participant(given: dict[str, Any], patient_id: UUID) -> tuple[Consents, int]:
    """Add a participant of the patient's sessions; nothing is recorded until they consent too."""
    history.add_participant(resources(), caller(), patient_id, given["name"])
    return history.read(resources(), caller(), patient_id), 201


@blueprint.route("/<id:patient_id>/participants/<id:participant_id>", methods=["DELETE"])
@blueprint.response(204)
@answers(blueprint, 404, 422)
@needs(Scope.PATIENTS_WRITE)
def remove_participant(patient_id: UUID, participant_id: UUID) -> None:
    """Record that a participant has left; what they said stays in the history."""
    history.remove_participant(resources(), caller(), patient_id, participant_id)

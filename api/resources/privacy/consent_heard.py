"""Consent that was heard in a recording: proposed, and attached to the patient's consents as evidence."""

from typing import Any
from uuid import UUID

from api.auth import caller, needs, resources
from api.http.json_bodies import Blueprint
from api.openapi.document import answers
from api.schemas.privacy.consents import AttachSchema, PassagesSchema
from shared.services.access.caller import Scope
from shared.services.consents import evidence

blueprint = Blueprint(
    "consent_heard", __name__, url_prefix="/api/sessions", description="Consent heard in a recording."
)


@blueprint.route("/<id:session_id>/consent-heard", methods=["GET"])
@blueprint.response(200, PassagesSchema)
@answers(blueprint, 404, 422)
@needs(Scope.SESSIONS_READ)
def show(session_id: UUID) -> dict[str, Any]:
    """Passages near the start in which consent to being recorded seems to be asked for and given.

    Rules for English find them in the transcript. They are proposals: listen before you attach one.
    """
    return {"passages": evidence.proposed(resources(), caller(), session_id)}


@blueprint.route("/<id:session_id>/consent-heard", methods=["POST"])
@blueprint.arguments(AttachSchema)
@blueprint.response(201, PassagesSchema)
@answers(blueprint, 400, 403, 404, 409, 415, 422)
@needs(Scope.PATIENTS_WRITE)
def attach(given: dict[str, Any], session_id: UUID) -> tuple[dict[str, Any], int]:
    """Attach a proposed passage to the patient's consents as evidence; no consent is changed by it."""
    caller().need(Scope.SESSIONS_READ)
    found = evidence.attach(resources(), caller(), session_id, given["start"], given["participant_id"])
    return {"passages": found}, 201

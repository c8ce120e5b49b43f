"""Legal holds: what a court or an authority wants kept, managed by administrators."""

from datetime import date
from typing import Any
from uuid import UUID

from flask import Response, jsonify

from api import idempotency
from api.auth import caller, needs, resources
from api.http.json_bodies import Blueprint
from api.openapi.document import LOCATION, answers
from api.schemas.privacy.retention import HoldCreateSchema, HoldQuerySchema, HoldReviewSchema, HoldSchema
from shared.services.access.caller import Scope
from shared.services.idempotency import Answered
from shared.services.retention import holds
from shared.services.retention.holds import HoldRecord, Target

blueprint = Blueprint(
    "holds", __name__, url_prefix="/api/holds", description="Legal holds on patients and sessions."
)


@blueprint.route("", methods=["GET"])
@blueprint.arguments(HoldQuerySchema, location="query")
@blueprint.response(200, HoldSchema(many=True))
@answers(blueprint, 422)
@needs(Scope.HOLDS)
def list_holds(query: dict[str, Any]) -> Any:
    """The practice's holds, newest first."""
    return holds.listed(resources(), caller(), lifted_too=query["lifted"])


def _placed_again(first: Answered) -> Response:
    return _placed(holds.get(resources(), caller(), first.resource_id))


@blueprint.route("", methods=["POST"])
@blueprint.doc(parameters=[idempotency.PARAMETER])
@blueprint.arguments(HoldCreateSchema)
@blueprint.response(201, HoldSchema, headers=LOCATION)
@answers(blueprint, 400, 404, 409, 415, 422)
@needs(Scope.HOLDS, fresh=True)
@idempotency.idempotent(_placed_again)
def place(given: dict[str, Any]) -> Response:
    """Put a patient with all sessions on hold, or one session.

    From then on every deletion, redaction or overwriting is refused with 409 `on_hold`, for every caller.
    Retention skips it.
    """
    target = Target(given.pop("patient_id", None), given.pop("session_id", None))
    return _placed(holds.place(resources(), caller(), target, **given))


@blueprint.route("/<id:hold_id>", methods=["GET"])
@blueprint.response(200, HoldSchema)
@answers(blueprint, 404, 422)
@needs(Scope.HOLDS)
def show(hold_id: UUID) -> HoldRecord:
    """One hold, lifted or not."""
    return holds.get(resources(), caller(), hold_id)


@blueprint.route("/<id:hold_id>", methods=["PATCH"])
@blueprint.arguments(HoldReviewSchema)
@blueprint.response(200, HoldSchema)
@answers(blueprint, 400, 404, 409, 415, 422)
@needs(Scope.HOLDS)
def review(given: dict[str, date], hold_id: UUID) -> HoldRecord:
    """Set the day of the next review."""
    return holds.review(resources(), caller(), hold_id, given["review_on"])


@blueprint.route("/<id:hold_id>/lift", methods=["POST"])
@blueprint.response(200, HoldSchema)
@answers(blueprint, 404, 409, 422)
@needs(Scope.HOLDS, fresh=True)
def ask_to_lift(hold_id: UUID) -> HoldRecord:
    """Ask for the hold to be lifted. It holds until another administrator confirms."""
    return holds.ask_to_lift(resources(), caller(), hold_id)


@blueprint.route("/<id:hold_id>/lift", methods=["DELETE"])
@blueprint.response(200, HoldSchema)
@answers(blueprint, 404, 409, 422)
@needs(Scope.HOLDS)
def keep(hold_id: UUID) -> HoldRecord:
    """Take back that the hold is to be lifted."""
    return holds.keep(resources(), caller(), hold_id)


@blueprint.route("/<id:hold_id>/lift/confirm", methods=["POST"])
@blueprint.response(200, HoldSchema)
@answers(blueprint, 404, 409, 422)
@needs(Scope.HOLDS, fresh=True)
def confirm_lift(hold_id: UUID) -> HoldRecord:
    """Lift the hold that another administrator asked to lift (409 `another_administrator` for the same)."""
    return holds.confirm_lift(resources(), caller(), hold_id)


def _placed(hold: HoldRecord) -> Response:
    response = jsonify(HoldSchema().dump(hold))
    response.status_code = 201
    response.headers["Location"] = f"/api/holds/{hold.id}"
    return response
